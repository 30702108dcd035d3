// SPDX-License-Identifier: GPL-2.0
/* Guest time of loading and unloading a module: the system call alone. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"
#include "opts.h"
#include "util.h"

static const char help[] =
"usage: nmtx_bench load FILE PARAMETERS\n"
"       nmtx_bench unload NAME\n";

int cmd_load(int argc, char **argv)
{
	uint64_t start;
	int fd;

	if (argc != 3)
		opts_help(help);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("%s", argv[1]);
	start = count_now();
	if (syscall(SYS_finit_module, fd, argv[2], 0))
		die("load %s", argv[1]);
	start = count_now() - start;
	counts_say("load", &start, 1);
	return EX_GOOD;
}

int cmd_unload(int argc, char **argv)
{
	uint64_t start;

	if (argc != 2)
		opts_help(help);
	start = count_now();
	if (syscall(SYS_delete_module, argv[1], O_NONBLOCK))
		die("unload %s", argv[1]);
	start = count_now() - start;
	counts_say("unload", &start, 1);
	return EX_GOOD;
}
