// SPDX-License-Identifier: GPL-2.0
/*
 * An owner of a function that netmem_tx hooks: a BPF fentry or fexit program
 * that does nothing. It lives in a pinned link; rm of the pin takes it off.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
	"usage: bpf_owner fentry|fexit DIR FUNCTION...   one program each, pinned in DIR\n"
	"       bpf_owner runs PIN...    how often they ran (needs kernel.bpf_stats_enabled)\n"
	"exit: 0, or 1 with the name of the error on stdout\n";

static int usage(void)
{
	fputs(help, stderr);
	return 2;
}

static int failed(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-err));
	puts(strerrorname_np(-err));
	return 1;
}

static int attach(enum bpf_attach_type type, const char *function, const char *dir)
{
	/* r0 = 0; exit */
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int id, prog, link;
	char pin[256];

	snprintf(pin, sizeof(pin), "%s/%s", dir, function);
	opts.expected_attach_type = type;
	id = libbpf_find_vmlinux_btf_id(function, type);
	if (id < 0)
		return failed(function, id);
	opts.attach_btf_id = id;
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "owner", "GPL", code,
			     sizeof(code) / sizeof(code[0]), &opts);
	if (prog < 0)
		return failed("load", prog);
	link = bpf_raw_tracepoint_open(NULL, prog);
	if (link < 0)
		return failed("attach", link);
	if (bpf_obj_pin(link, pin))
		return failed(pin, -errno);
	return 0;
}

static int runs(const char *pin)
{
	struct bpf_link_info link_info = { 0 };
	struct bpf_prog_info prog_info = { 0 };
	__u32 len = sizeof(link_info);
	int link, prog;

	link = bpf_obj_get(pin);
	if (link < 0)
		return failed(pin, -errno);
	if (bpf_link_get_info_by_fd(link, &link_info, &len))
		return failed("link", -errno);
	prog = bpf_prog_get_fd_by_id(link_info.prog_id);
	if (prog < 0)
		return failed("program", prog);
	len = sizeof(prog_info);
	if (bpf_prog_get_info_by_fd(prog, &prog_info, &len))
		return failed("program", -errno);
	printf("%llu\n", (unsigned long long)prog_info.run_cnt);
	return 0;
}

int main(int argc, char **argv)
{
	enum bpf_attach_type type = BPF_TRACE_FENTRY;
	int i, ret = 0;

	if (argc < 3)
		return usage();
	if (!strcmp(argv[1], "runs")) {
		for (i = 2; i < argc && !ret; i++)
			ret = runs(argv[i]);
		return ret;
	}
	if (!strcmp(argv[1], "fexit"))
		type = BPF_TRACE_FEXIT;
	else if (strcmp(argv[1], "fentry"))
		return usage();
	for (i = 3; i < argc && !ret; i++)
		ret = attach(type, argv[i], argv[2]);
	return ret;
}
