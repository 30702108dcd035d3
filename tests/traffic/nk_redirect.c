// SPDX-License-Identifier: GPL-2.0
/* Redirection between netkit and NIC for the tests; see tools/redirect. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts.h"
#include "redirect.h"
#include "util.h"

static const char help[] =
"usage: nk_redirect add [--tcx] NETKIT NIC ADDR...\n"
"       nk_redirect del [NETKIT [NIC]]\n"
"       nk_redirect show\n"
"  NETKIT is the host end; ADDR are the addresses of the container.\n";

static int ifindex_of(const char *name)
{
	int ifindex = if_nametoindex(name);

	if (!ifindex)
		die("device %s", name);
	return ifindex;
}

static int add(int argc, char **argv)
{
	struct redirect_config cfg = { 0 };
	char msg[128];
	int i, err;

	if (argc && !strcmp(argv[0], "--tcx")) {
		cfg.use_tcx = true;
		argc--;
		argv++;
	}
	if (argc < 3 || argc - 2 > REDIRECT_MAX_ADDRS)
		opts_help(help);
	cfg.netkit = ifindex_of(argv[0]);
	cfg.nic = ifindex_of(argv[1]);
	for (i = 2; i < argc; i++)
		cfg.addrs[cfg.nr_addrs++] = argv[i];
	err = redirect_add(&cfg, msg, sizeof(msg));
	errno = -err;
	if (err)
		die("%s", msg);
	say("redirect: ok\n");
	return EX_GOOD;
}

static int del(int argc, char **argv)
{
	int n = redirect_del(argc > 0 ? ifindex_of(argv[0]) : 0,
			     argc > 1 ? ifindex_of(argv[1]) : 0);

	errno = n < 0 ? -n : 0;
	if (n < 0)
		die("del");
	say("detached: %d\n", n);
	return EX_GOOD;
}

static void show_one(const struct redirect_info *info, void *data)
{
	char name[IF_NAMESIZE] = "?";

	(void)data;
	if_indextoname(info->ifindex, name);
	say("%s: %s %s netkit=%d nic=%d\n", name, info->tcx ? "tcx" : "netkit",
	    info->to_nic ? "to_nic" : "to_netkit", info->netkit, info->nic);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		opts_help(help);
	if (!strcmp(argv[1], "add"))
		return add(argc - 2, argv + 2);
	if (!strcmp(argv[1], "del"))
		return del(argc - 2, argv + 2);
	if (strcmp(argv[1], "show"))
		opts_help(help);
	return redirect_show(show_one, NULL) < 0 ? EX_SETUP : EX_GOOD;
}
