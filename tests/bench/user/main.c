// SPDX-License-Identifier: GPL-2.0
/* nmtx_bench: one program for what the benchmarks count from user space. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "opts.h"

static const char help[] =
"usage: nmtx_bench COMMAND [OPTION...]\n"
"  send     sendmsg of device or plain memory\n"
"  bind     bind-tx and close\n"
"  hold     make bindings, keep them until stdin closes\n"
"  lease    lease add and del; or add many\n"
"  netkits  make many pairs\n"
"  load     load a module\n"
"  unload   unload it\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "send", cmd_send },
	{ "bind", cmd_bind },
	{ "hold", cmd_hold },
	{ "lease", cmd_lease },
	{ "netkits", cmd_netkits },
	{ "load", cmd_load },
	{ "unload", cmd_unload },
};

int main(int argc, char **argv)
{
	unsigned int i;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	opts_help(help);
}
