// SPDX-License-Identifier: GPL-2.0
/* The module's own leases, below 7.1: instructions of add and del; and many. */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netmem_tx.h>
#include <net/if.h>
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "opts.h"
#include "util.h"

static struct mnl_socket *nl;
static uint16_t family;

static struct {
	const char *dev;
	const char *nic;
	uint64_t rounds;
	uint64_t count;
	uint64_t from;
} opt = { .rounds = 50, .from = 1 };

static const char help[] =
"usage: nmtx_bench lease --nic NIC --dev DEV [--rounds N]\n"
"       nmtx_bench lease --nic NIC --dev PREFIX --count N [--from N]\n"
"  with --count: leases for PREFIX1 to PREFIXN, which stay\n";

static const struct opt_def defs[] = {
	{ "dev", .text = &opt.dev },
	{ "nic", .text = &opt.nic },
	{ "rounds", .num = &opt.rounds },
	{ "count", .num = &opt.count },
	{ "from", .num = &opt.from },
	{ NULL },
};

static int on_attr(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int on_reply(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), on_attr, data);
}

static struct nlmsghdr *request(char *buf, uint16_t type, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static void talk(struct nlmsghdr *nlh, const char *what)
{
	char buf[8192];
	int more = MNL_CB_OK;
	ssize_t n;

	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("netlink: send");
	while (more > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (n < 0)
			die("netlink: receive");
		more = mnl_cb_run(buf, n, 0, 0, on_reply, NULL);
	}
	if (more < 0)
		die("%s", what);
}

static void find_family(void)
{
	char buf[1024];
	struct nlmsghdr *nlh = request(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);

	nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("netlink: open");
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, NETMEM_TX_FAMILY_NAME);
	talk(nlh, "family " NETMEM_TX_FAMILY_NAME);
}

static uint64_t timed_lease(uint8_t cmd, const char *dev)
{
	char buf[1024];
	struct nlmsghdr *nlh = request(buf, family, cmd);
	uint64_t start;

	mnl_attr_put_u32(nlh, NETMEM_TX_A_LEASE_VDEV_IFINDEX,
			 if_nametoindex(dev));
	mnl_attr_put_u32(nlh, NETMEM_TX_A_LEASE_NIC_IFINDEX,
			 if_nametoindex(opt.nic));
	start = count_now();
	talk(nlh, cmd == NETMEM_TX_CMD_LEASE_ADD ? "lease add" : "lease del");
	return count_now() - start;
}

int cmd_lease(int argc, char **argv)
{
	uint64_t *adds, *dels;
	unsigned int i;
	char name[IFNAMSIZ];

	if (opts_parse(argc, argv, defs, help) != argc || !opt.dev || !opt.nic)
		opts_help(help);
	find_family();
	for (i = opt.from; i <= opt.count; i++) {
		snprintf(name, sizeof(name), "%s%u", opt.dev, i);
		timed_lease(NETMEM_TX_CMD_LEASE_ADD, name);
	}
	if (opt.count)
		return EX_GOOD;
	adds = counts_new(opt.rounds);
	dels = counts_new(opt.rounds);
	for (i = 0; i < opt.rounds; i++) {
		adds[i] = timed_lease(NETMEM_TX_CMD_LEASE_ADD, opt.dev);
		dels[i] = timed_lease(NETMEM_TX_CMD_LEASE_DEL, opt.dev);
	}
	counts_say("lease-add", adds, opt.rounds);
	counts_say("lease-del", dels, opt.rounds);
	return EX_GOOD;
}
