// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmtx doctor: will device memory TX through netkit work here, and if not,
 * what is missing? Each check says one thing in plain words, and what to do.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "link.h"
#include "netns.h"

static const char usage[] =
	"Usage: nmtx doctor [ dev DEV ] [ netns NETNS ] [ nic NIC ] [ root DIR ]\n"
	"       NETNS := { NAME | PID | /PATH }\n"
	"Exit status: 0 it works, 1 something is missing, 2 wrong command line\n";

/**
 * doctor_say() - the finding of one check
 * @doctor: counts what is missing
 * @state: good or bad
 * @check: what was looked at
 * @remedy: what to do, or NULL
 * @fmt: what was found
 */
void doctor_say(struct doctor *doctor, enum doctor_state state,
		const char *check, const char *remedy, const char *fmt, ...)
{
	static const char *const names[] = {
		[DOCTOR_OK] = "ok",
		[DOCTOR_NOTE] = "note",
		[DOCTOR_MISSING] = "missing",
	};
	char text[DOCTOR_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (state == DOCTOR_MISSING)
		doctor->missing++;
	out_record_begin();
	out_title("check", check);
	out_word("state", names[state]);
	out_text("-");
	out_word("text", text);
	if (remedy) {
		out_text("- do:");
		out_word("do", remedy);
	}
	out_record_end();
}

static void result(struct doctor *doctor)
{
	if (doctor->missing)
		doctor_say(doctor, DOCTOR_MISSING, "result", NULL,
			   "device memory TX through netkit does not work here: %u missing",
			   doctor->missing);
	else
		doctor_say(doctor, DOCTOR_OK, "result", NULL,
			   "device memory TX through netkit works here, as far as can be seen");
}

static int visit(struct doctor *doctor)
{
	out_array_begin();
	doctor_kernel(doctor);
	if (doctor->version >= DOCTOR_OLDEST) {
		doctor_module(doctor);
		doctor_hooks(doctor);
		doctor_nics(doctor);
		doctor_lease(doctor);
		doctor_features(doctor);
		doctor_path(doctor);
	}
	result(doctor);
	out_array_end(true);
	return doctor->missing ? EXIT_RUNTIME : EXIT_OK;
}

int do_doctor(struct args *args)
{
	struct doctor doctor = { .netns_fd = -1 };
	const struct keyword table[] = {
		{ "dev", &doctor.dev },
		{ "netns", &doctor.netns },
		{ "nic", &doctor.nic },
		{ "root", &doctor.root },
		{ NULL, NULL },
	};
	int ret;

	if (args->argc == 1 && !strcmp(args->argv[0], "help"))
		return usage_help(usage);
	ret = parse_keywords(table, args, usage);
	if (ret)
		return ret;
	if (doctor.netns && !doctor.dev)
		return usage_fail(usage, "\"netns\" needs \"dev\"");
	if ((doctor.dev && link_check_name(doctor.dev)) ||
	    (doctor.nic && link_check_name(doctor.nic)))
		return EXIT_USAGE;
	if (!doctor.root)
		doctor.root = "";
	if (doctor.netns) {
		doctor.netns_fd = netns_open(doctor.netns);
		if (doctor.netns_fd < 0)
			return EXIT_RUNTIME;
	}
	ret = visit(&doctor);
	if (doctor.netns_fd >= 0)
		close(doctor.netns_fd);
	return ret;
}
