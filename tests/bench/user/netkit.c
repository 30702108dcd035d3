// SPDX-License-Identifier: GPL-2.0
/* Many netkit pairs, PREFIXaN and PREFIXbN: ip -batch makes but one. */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>

#include "bench.h"
#include "opts.h"
#include "util.h"

#define NETKIT_PEER_INFO 1	/* IFLA_NETKIT_PEER_INFO */

static struct {
	const char *dev;
	uint64_t count;
} opt;

static const char help[] = "usage: nmtx_bench netkits --dev PREFIX --count N\n";

static const struct opt_def defs[] = {
	{ "dev", .text = &opt.dev },
	{ "count", .num = &opt.count },
	{ NULL },
};

static void put_name(struct nlmsghdr *nlh, char end, unsigned int n)
{
	char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "%.4s%c%u", opt.dev, end, n);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
}

static void add_pair(struct mnl_socket *nl, unsigned int n)
{
	char buf[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlattr *info, *data, *peer;
	ssize_t len;

	nlh->nlmsg_type = RTM_NEWLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	put_name(nlh, 'a', n);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "netkit");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(nlh, NETKIT_PEER_INFO);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	put_name(nlh, 'b', n);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("rtnetlink: send");
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, 0, NULL, NULL) < 0)
		die("netkit pair %u", n);
}

int cmd_netkits(int argc, char **argv)
{
	struct mnl_socket *nl;
	unsigned int n;

	if (opts_parse(argc, argv, defs, help) != argc || !opt.dev)
		opts_help(help);
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("rtnetlink: open");
	for (n = 1; n <= opt.count; n++)
		add_pair(nl, n);
	return EX_GOOD;
}
