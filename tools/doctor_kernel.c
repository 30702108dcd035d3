// SPDX-License-Identifier: GPL-2.0-only
/* nmtx doctor: the kernel, the module, and who else hooks it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

static void find_version(struct doctor *doctor)
{
	const char *release = doctor_read(doctor, "/proc/sys/kernel/osrelease");
	unsigned int major, minor;

	snprintf(doctor->release, sizeof(doctor->release), "%s",
		 release ? release : "");
	if (sscanf(doctor->release, "%u.%u", &major, &minor) == 2 &&
	    major < 1000 && minor < 1000)
		doctor->version = major * 1000 + minor;
	doctor->native = doctor->version >= DOCTOR_NATIVE;
}

static bool right_machine(const struct doctor *doctor)
{
	const char *arch = doctor_read(doctor, "/proc/sys/kernel/arch");

	return doctor->native || !arch || !strcmp(arch, "x86_64");
}

static void check_version(struct doctor *doctor)
{
	if (!doctor->version)
		doctor_say(doctor, DOCTOR_MISSING, "kernel", NULL,
			   "the kernel's version is not known: no /proc/sys/kernel/osrelease");
	else if (doctor->version < DOCTOR_OLDEST)
		doctor_say(doctor, DOCTOR_MISSING, "kernel",
			   "boot Linux 6.16 or later",
			   "Linux %s cannot send device memory at all",
			   doctor->release);
	else if (!right_machine(doctor))
		doctor_say(doctor, DOCTOR_MISSING, "kernel",
			   "boot Linux 7.2 or later",
			   "netmem_tx is for x86-64 only");
	else if (doctor->native)
		doctor_say(doctor, DOCTOR_OK, "kernel", NULL,
			   "Linux %s does it itself, without netmem_tx",
			   doctor->release);
	else
		doctor_say(doctor, DOCTOR_OK, "kernel", NULL,
			   "Linux %s does it with the module netmem_tx",
			   doctor->release);
}

/* What a kernel must be built with; the first two are for native ones too. */
static const char *const options[] = {
	"NET_DEVMEM", "NETKIT", "DYNAMIC_FTRACE_WITH_DIRECT_CALLS",
	"DEBUG_INFO_BTF", "KPROBES",
};

#define NATIVE_OPTIONS	2

static int config_line(char *line, void *arg)
{
	bool *have = arg;
	size_t i, len;

	if (strncmp(line, "CONFIG_", 7))
		return 0;
	for (i = 0; i < ARRAY_SIZE(options); i++) {
		len = strlen(options[i]);
		if (!strncmp(line + 7, options[i], len) &&
		    (!strcmp(line + 7 + len, "=y") ||
		     !strcmp(line + 7 + len, "=m")))
			have[i] = true;
	}
	return 0;
}

static int read_config(const struct doctor *doctor, bool *have)
{
	static const char *const places[] = {
		"/boot/config-%s", "/lib/modules/%s/config",
		"/lib/modules/%s/build/.config",
	};
	char path[256];
	int ret = -ENOENT;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places) && ret; i++) {
		/* All three have one %s. */
		snprintf(path, sizeof(path), places[i], doctor->release);
		ret = doctor_lines(doctor, path, config_line, have);
	}
	return ret;
}

static void check_config(struct doctor *doctor)
{
	size_t i, count = doctor->native ? NATIVE_OPTIONS : ARRAY_SIZE(options);
	bool have[ARRAY_SIZE(options)] = { false };
	char lacks[256] = "";

	if (read_config(doctor, have)) {
		doctor_say(doctor, DOCTOR_NOTE, "config", NULL,
			   "there is no config of this kernel to look at");
		return;
	}
	for (i = 0; i < count; i++) {
		if (have[i])
			continue;
		strcat(lacks, " CONFIG_");
		strcat(lacks, options[i]);
	}
	if (*lacks)
		doctor_say(doctor, DOCTOR_MISSING, "config",
			   "boot a kernel that has it",
			   "the kernel was built without%s", lacks);
	else
		doctor_say(doctor, DOCTOR_OK, "config", NULL,
			   "the kernel was built with all that is needed");
}

/**
 * doctor_kernel() - look at the kernel's version and configuration
 * @doctor: gets them
 */
void doctor_kernel(struct doctor *doctor)
{
	find_version(doctor);
	check_version(doctor);
	if (doctor->version < DOCTOR_OLDEST)
		return;
	check_config(doctor);
	if (!doctor->native && !doctor_exists(doctor, "/sys/kernel/btf/vmlinux"))
		doctor_say(doctor, DOCTOR_MISSING, "btf",
			   "boot a kernel with CONFIG_DEBUG_INFO_BTF",
			   "the kernel shows no BTF in /sys/kernel/btf");
}

/* A function that netmem_tx hooks. */
struct hooked {
	const char *name;
	bool at_load;
	unsigned int below;	/* only on kernels before this one; 0: on all */
};

static const struct hooked hooked[] = {
	{ "netdev_nl_bind_tx_doit", true, 0 },
	{ "net_devmem_get_binding", true, 0 },
	{ "net_devmem_unbind_dmabuf", true, 0 },
	{ "__net_devmem_dmabuf_binding_free", true, 0 },
	{ "nf_queue", true, 7001 },
	{ "nf_log_packet", true, 7001 },
	{ "nf_log_trace", true, 7001 },
	{ "tcp_sigpool_hash_skb_data", true, 0 },
	{ "tcp_md5_hash_skb_data", true, 0 },
	{ "validate_xmit_skb", false, 0 },
	{ "skb_segment", false, 0 },
	{ "skb_copy_and_csum_bits", false, 0 },
};

/*
 * A line of enabled_functions: "NAME (COUNT) FLAGS	... ->OWNER+0x0/0x10".
 * I: somebody changes where the function goes on, there can be only one.
 * D: a direct call, only one too.
 */
struct owned {
	struct doctor *doctor;
	bool found;
};

static void owner_name(char *line, char *owner, size_t size)
{
	char *at = strstr(line, "->");

	at = at ? at + 2 : strstr(line, "direct-->");
	snprintf(owner, size, "%s", at ? at : "another");
	owner[strcspn(owner, "+ \t[")] = '\0';
}

static int hook_line(char *line, void *arg)
{
	size_t i, len = strcspn(line, " ");
	struct owned *owned = arg;
	char owner[128], *flags, *end;

	for (i = 0; i < ARRAY_SIZE(hooked); i++)
		if (strlen(hooked[i].name) == len &&
		    !strncmp(hooked[i].name, line, len))
			break;
	flags = strchr(line, ')');
	if (i == ARRAY_SIZE(hooked) || !flags ||
	    (hooked[i].below && owned->doctor->version >= hooked[i].below))
		return 0;
	flags++;
	end = strpbrk(flags, "\t-");
	len = end ? (size_t)(end - flags) : strlen(flags);
	owner_name(flags, owner, sizeof(owner));
	if (memchr(flags, 'I', len)) {
		doctor_say(owned->doctor, DOCTOR_MISSING, "hooks",
			   "take the livepatch or the kprobe away",
			   "%s is owned by a livepatch, or a kprobe with a post handler (%s)",
			   hooked[i].name, owner);
		owned->found = true;
	} else if (memchr(flags, 'D', len) && !hooked[i].at_load) {
		doctor_say(owned->doctor, DOCTOR_NOTE, "hooks", NULL,
			   "%s has a BPF program: the transmit hook is the dearer one, ipmodify",
			   hooked[i].name);
		owned->found = true;
	}
	return 0;
}

/* In both places where tracefs may be. */
static int read_functions(struct doctor *doctor, struct owned *owned)
{
	int ret;

	ret = doctor_lines(doctor, "/sys/kernel/tracing/enabled_functions",
			   hook_line, owned);
	if (ret)
		ret = doctor_lines(doctor,
				   "/sys/kernel/debug/tracing/enabled_functions",
				   hook_line, owned);
	return ret;
}

static bool reads(const struct doctor *doctor, const char *path, char value)
{
	const char *line = doctor_read(doctor, "%s", path);

	return line && *line == value;
}

/**
 * doctor_hooks() - look for what keeps the module from hooking
 * @doctor: the visit
 *
 * With the module loaded its own hooks are in the same list; who came after
 * it has been refused.
 */
void doctor_hooks(struct doctor *doctor)
{
	struct owned owned = { .doctor = doctor };

	if (doctor->native || doctor->loaded)
		return;
	if (reads(doctor, "/proc/sys/kernel/ftrace_enabled", '0'))
		doctor_say(doctor, DOCTOR_MISSING, "ftrace",
			   "sysctl kernel.ftrace_enabled=1",
			   "ftrace is switched off");
	if (reads(doctor, "/sys/kernel/debug/kprobes/enabled", '0'))
		doctor_say(doctor, DOCTOR_MISSING, "kprobes",
			   "echo 1 >/sys/kernel/debug/kprobes/enabled",
			   "kprobes are switched off");
	if (read_functions(doctor, &owned))
		doctor_say(doctor, DOCTOR_NOTE, "hooks",
			   "mount -t tracefs none /sys/kernel/tracing",
			   "who hooks the kernel cannot be seen: enabled_functions cannot be read");
	else if (!owned.found)
		doctor_say(doctor, DOCTOR_OK, "hooks", NULL,
			   "nobody else has the functions that netmem_tx hooks");
}
