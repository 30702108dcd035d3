// SPDX-License-Identifier: GPL-2.0-only
/* nmtx: look at and control the module netmem_tx. */
#include <stdio.h>
#include <string.h>

#include "nmtx.h"

#ifndef NMTX_VERSION
#define NMTX_VERSION "unknown"
#endif

static const char usage[] =
	"Usage: nmtx [ OPTIONS ] OBJECT { COMMAND | help }\n"
	"where  OBJECT := { dev | lease | binding | stats | status | drain |\n"
	"                   monitor | top | redirect | doctor }\n"
	"       OPTIONS := { -j[son] | -p[retty] | -V[ersion] | -h[elp] }\n";

struct options {
	bool json;
	bool pretty;
	bool version;
	bool help;
};

/* One option, shortened or not, with one dash or two. */
static int parse_option(const char *word, struct options *options)
{
	const struct {
		const char *name;
		bool *flag;
	} table[] = {
		{ "json", &options->json },
		{ "pretty", &options->pretty },
		{ "Version", &options->version },
		{ "version", &options->version },
		{ "help", &options->help },
	};
	const char *name = word + 1 + (word[1] == '-');
	size_t len = strlen(name);
	size_t i;

	for (i = 0; len && i < ARRAY_SIZE(table); i++) {
		if (strncmp(table[i].name, name, len))
			continue;
		*table[i].flag = true;
		return EXIT_OK;
	}
	return usage_fail(usage, "unknown option \"%s\"", word);
}

static int do_help(struct args *args)
{
	(void)args;
	return usage_help(usage);
}

static int run_object(struct args *args)
{
	static const struct command table[] = {
		{ "help", do_help },
		{ "dev", do_dev },
		{ "lease", do_lease },
		{ "binding", do_binding },
		{ "stats", do_stats },
		{ "status", do_status },
		{ "drain", do_drain },
		{ "monitor", do_monitor },
		{ "top", do_top },
		{ "redirect", do_redirect },
		{ "doctor", do_doctor },
		{ NULL, NULL },
	};

	if (!args->argc)
		return usage_fail(usage, "an object is required");
	return run_command(table, args, usage);
}

int main(int argc, char **argv)
{
	struct args args = { .argc = argc - 1, .argv = argv + 1 };
	struct options options = { false };
	int ret;

	while (args.argc > 0 && args.argv[0][0] == '-')
		if (parse_option(args_next(&args), &options))
			return EXIT_USAGE;
	if (options.help)
		return usage_help(usage);
	if (options.version) {
		printf("nmtx utility, netmem-tx-" NMTX_VERSION "\n");
		return EXIT_OK;
	}
	out_setup(options.json, options.pretty, stdout);
	ret = run_object(&args);
	return out_finish() ? EXIT_RUNTIME : ret;
}
