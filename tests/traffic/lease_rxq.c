// SPDX-License-Identifier: GPL-2.0
/*
 * Lease an RX queue of a NIC to the netkit of a container: queue-create of
 * the netdev family, Linux 7.1 and later. Runs in the network namespace of
 * the netkit; the NIC's is named by its id as seen from there (ip netns set),
 * or by a file of it, which this program then gives an id.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netdev.h"
#include "opts.h"
#include "util.h"

static struct {
	const char *dev;
	const char *phys;
	const char *netns;
	uint64_t queue;
} opt = { .queue = 1 };

static const char help[] =
"usage: lease_rxq --dev DEV --phys NIC [--queue N] [--phys-netns FILE]\n"
"  DEV is in this network namespace; NIC in that of FILE (default: this one),\n"
"  for example /proc/1/ns/net. The queue is 1 unless given.\n"
"exit: 0 leased, 1 setup, 2 refused\n";

static const struct opt_def defs[] = {
	{ "dev", .text = &opt.dev },
	{ "phys", .text = &opt.phys },
	{ "queue", .num = &opt.queue },
	{ "phys-netns", .text = &opt.netns },
	{ NULL },
};

/* One RTM_*NSID request about the namespace @fd; its id, or a negative errno. */
static int nsid_call(struct mnl_socket *nl, uint16_t type, int fd, int id)
{
	char buf[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlattr *attr;
	ssize_t n;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | (type == RTM_NEWNSID ? NLM_F_ACK : 0);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	mnl_attr_put_u32(nlh, NETNSA_FD, fd);
	if (type == RTM_NEWNSID)
		mnl_attr_put_u32(nlh, NETNSA_NSID, id);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("rtnetlink: send");
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0)
		die("rtnetlink: receive");
	nlh = (struct nlmsghdr *)buf;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
	mnl_attr_for_each(attr, nlh, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(attr) == NETNSA_NSID)
			return (int)mnl_attr_get_u32(attr);
	return -ENOENT;
}

/* The id of a network namespace as seen from this one, made when needed. */
static int nsid_of(int fd)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int id, err;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("rtnetlink: open");
	id = nsid_call(nl, RTM_GETNSID, fd, 0);
	if (id < 0) {
		err = nsid_call(nl, RTM_NEWNSID, fd, -1);
		errno = -err;
		if (err)
			die("no id for the NIC's network namespace");
		id = nsid_call(nl, RTM_GETNSID, fd, 0);
	}
	mnl_socket_close(nl);
	return id;
}

/* The ifindex of a device of another network namespace. */
static int ifindex_in(int ns, const char *name)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int ifindex;

	if (own < 0 || setns(ns, CLONE_NEWNET))
		die("enter the NIC's network namespace");
	ifindex = if_nametoindex(name);
	if (setns(own, CLONE_NEWNET))
		die("come back");
	close(own);
	return ifindex;
}

/* Find the NIC, here or in the other network namespace. */
static void find_phys(struct netdev_lease *req)
{
	int ns;

	if (opt.netns) {
		ns = open(opt.netns, O_RDONLY | O_CLOEXEC);
		if (ns < 0)
			die("%s", opt.netns);
		req->phys_nsid = nsid_of(ns);
		req->phys_ifindex = ifindex_in(ns, opt.phys);
		close(ns);
	} else {
		req->phys_ifindex = if_nametoindex(opt.phys);
	}
	if (!req->phys_ifindex)
		die("device %s", opt.phys);
}

int main(int argc, char **argv)
{
	struct netdev_lease req = { .phys_nsid = -1 };
	struct netdev_answer ans;

	if (opts_parse(argc, argv, defs, help) != argc || !opt.dev || !opt.phys)
		opts_help(help);
	req.phys_queue = opt.queue;
	req.ifindex = if_nametoindex(opt.dev);
	if (!req.ifindex)
		die("device %s", opt.dev);
	find_phys(&req);

	netdev_lease(netdev_open(), &req, &ans);
	if (ans.err) {
		say("queue-create: errno=%d (%s) extack=\"%s\"\n", ans.err,
		    errno_name(ans.err), ans.extack);
		return EX_BIND;
	}
	say("queue-create: ok dev=%s queue=%u phys=%s phys-queue=%d\n", opt.dev,
	    ans.id, opt.phys, req.phys_queue);
	return EX_GOOD;
}
