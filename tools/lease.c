// SPDX-License-Identifier: GPL-2.0-only
/* nmtx lease: which NIC sends for which virtual device. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "netns.h"
#include "nmtx.h"

static const char usage[] =
	"Usage: nmtx lease [ show ]\n"
	"       nmtx lease add dev DEV [ netns NETNS ] nic NIC [ queue N ]\n"
	"       nmtx lease del dev DEV [ netns NETNS ] [ nic NIC ]\n"
	"       NETNS := { NAME | PID | /PATH }\n";

/* The words of "lease add" and "lease del". */
struct request {
	const char *dev;
	const char *netns;
	const char *nic;
	const char *queue;
	uint32_t queue_nr;
};

/**
 * lease_print() - print the keys of one lease
 * @nlh: the message
 *
 * Return: 0 or -EBADMSG.
 */
int lease_print(const struct nlmsghdr *nlh)
{
	static const uint8_t types[NETMEM_TX_A_LEASE_MAX + 1] = {
		[NETMEM_TX_A_LEASE_VDEV_IFINDEX] = MNL_TYPE_U32,
		[NETMEM_TX_A_LEASE_VDEV_IFNAME] = MNL_TYPE_NUL_STRING,
		[NETMEM_TX_A_LEASE_VDEV_NETNS_INUM] = MNL_TYPE_U32,
		[NETMEM_TX_A_LEASE_NIC_IFINDEX] = MNL_TYPE_U32,
		[NETMEM_TX_A_LEASE_NIC_IFNAME] = MNL_TYPE_NUL_STRING,
		[NETMEM_TX_A_LEASE_NATIVE] = MNL_TYPE_FLAG,
	};
	const struct nlattr *tb[NETMEM_TX_A_LEASE_MAX + 1];
	const struct nlattr *attr;

	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_LEASE_MAX) ||
	    !tb[NETMEM_TX_A_LEASE_VDEV_IFINDEX])
		return -EBADMSG;
	attr = tb[NETMEM_TX_A_LEASE_VDEV_IFNAME];
	if (attr)
		out_str("dev", mnl_attr_get_str(attr));
	if (out_is_json() || !attr)
		out_uint("ifindex", mnl_attr_get_u32(tb[NETMEM_TX_A_LEASE_VDEV_IFINDEX]));
	attr = tb[NETMEM_TX_A_LEASE_VDEV_NETNS_INUM];
	if (attr)
		netns_print(mnl_attr_get_u32(attr));
	attr = tb[NETMEM_TX_A_LEASE_NIC_IFNAME];
	if (attr)
		out_str("nic", mnl_attr_get_str(attr));
	if (tb[NETMEM_TX_A_LEASE_NIC_IFINDEX] && (out_is_json() || !attr))
		out_uint("nic_ifindex", mnl_attr_get_u32(tb[NETMEM_TX_A_LEASE_NIC_IFINDEX]));
	out_json_bool("native", tb[NETMEM_TX_A_LEASE_NATIVE]);
	if (tb[NETMEM_TX_A_LEASE_NATIVE])
		out_text("native");
	return 0;
}

static int lease_cb(const struct nlmsghdr *nlh, void *arg)
{
	int ret;

	(void)arg;
	out_record_begin();
	ret = lease_print(nlh);
	out_record_end();
	return ret;
}

/*
 * Find out whose leases this kernel has: the module's table, or its own.
 * Own ones work without the module too.
 */
static int find_kind(struct tx *tx, bool *native)
{
	int ret = tx_find(tx);

	if (!ret) {
		ret = tx_native_leases(tx, native);
		return ret ? nl_fail(&tx->nl, ret, "status") : EXIT_OK;
	}
	if (ret != -ENOENT)
		return nl_fail(&tx->nl, ret, "generic netlink");
	*native = native_supported();
	if (!*native)
		return fail("module netmem_tx is not loaded");
	return EXIT_OK;
}

/*
 * The module knows its own table, and of the kernel's leases those whose
 * virtual device is in our netns. The kernel tells of the others.
 */
static int show_all(void)
{
	bool native = false;
	struct tx tx;
	int ret;

	ret = find_kind(&tx, &native);
	if (!ret && tx.family.id)
		ret = tx_get(NETMEM_TX_CMD_LEASE_GET, true, lease_cb,
			     "lease show");
	if (!ret && native)
		ret = native_show(tx.family.id != 0);
	tx_close(&tx);
	return ret;
}

static int lease_show(struct args *args)
{
	int ret;

	if (no_more_args(args, usage))
		return EXIT_USAGE;
	out_array_begin();
	ret = show_all();
	out_array_end(ret == EXIT_OK);
	return ret;
}

/* Find both devices, each in its namespace. */
static int find_links(const struct request *req, int netns,
		      struct link *vdev, struct link *nic)
{
	struct nl rtnl;
	int ret;

	memset(nic, 0, sizeof(*nic));
	ret = netns_nl_open(netns, &rtnl, NETLINK_ROUTE);
	if (!ret)
		ret = link_by_name(&rtnl, req->dev, vdev);
	nl_close(&rtnl);
	if (ret || !req->nic)
		return ret;
	ret = netns_nl_open(-1, &rtnl, NETLINK_ROUTE);
	if (!ret)
		ret = link_by_name(&rtnl, req->nic, nic);
	nl_close(&rtnl);
	return ret;
}

/* A change of the module's own table. */
static int own_change(struct tx *tx, uint8_t cmd, const struct request *req,
		      int netns)
{
	struct link vdev, nic;
	struct nl_req msg;
	int ret;

	if (req->queue)
		return fail("\"queue\" needs a kernel with RX-queue leases, 7.1 or later");
	if (find_links(req, netns, &vdev, &nic))
		return EXIT_RUNTIME;
	genl_put_header(&msg, &tx->family, cmd);
	mnl_attr_put_u32(msg.nlh, NETMEM_TX_A_LEASE_VDEV_IFINDEX,
			 vdev.ifindex);
	if (netns >= 0)
		mnl_attr_put_u32(msg.nlh, NETMEM_TX_A_LEASE_VDEV_NETNS_FD,
				 (uint32_t)netns);
	if (req->nic)
		mnl_attr_put_u32(msg.nlh, NETMEM_TX_A_LEASE_NIC_IFINDEX,
				 nic.ifindex);
	ret = nl_do(&tx->nl, &msg, NULL, NULL);
	if (ret)
		return nl_fail(&tx->nl, ret, "lease %s dev %s",
			       cmd == NETMEM_TX_CMD_LEASE_ADD ? "add" : "del",
			       req->dev);
	if (!out_is_json())
		return EXIT_OK;
	out_record_begin();
	out_json_str("dev", vdev.name);
	out_json_uint("ifindex", vdev.ifindex);
	if (req->nic) {
		out_json_str("nic", nic.name);
		out_json_uint("nic_ifindex", nic.ifindex);
	}
	out_json_bool("native", false);
	out_record_end();
	return EXIT_OK;
}

static int native_change(uint8_t cmd, const struct request *req, int netns)
{
	struct native_lease lease = { .dev = req->dev, .netns = netns,
				      .nic = req->nic, .queue = -1 };

	if (cmd == NETMEM_TX_CMD_LEASE_DEL)
		return fail("a lease of this kernel ends with its device: ip link del %s",
			    req->dev);
	if (req->queue)
		lease.queue = req->queue_nr;
	return native_add(&lease);
}

static int lease_change(uint8_t cmd, struct request *req)
{
	bool native = false;
	int netns = -1;
	struct tx tx;
	int ret;

	if (!req->dev)
		return usage_fail(usage, "\"dev\" is required");
	if (!req->nic && cmd == NETMEM_TX_CMD_LEASE_ADD)
		return usage_fail(usage, "\"nic\" is required");
	if (req->queue && parse_u32(req->queue, &req->queue_nr))
		return usage_fail(usage, "\"%s\" is not a queue number",
				  req->queue);
	if (req->netns) {
		netns = netns_open(req->netns);
		if (netns < 0)
			return EXIT_RUNTIME;
	}
	ret = find_kind(&tx, &native);
	if (!ret)
		ret = native ? native_change(cmd, req, netns) :
			       own_change(&tx, cmd, req, netns);
	tx_close(&tx);
	if (netns >= 0)
		close(netns);
	return ret;
}

static int lease_add(struct args *args)
{
	struct request req = { .dev = NULL };
	const struct keyword table[] = {
		{ "dev", &req.dev },
		{ "netns", &req.netns },
		{ "nic", &req.nic },
		{ "queue", &req.queue },
		{ NULL, NULL },
	};
	int ret = parse_keywords(table, args, usage);

	return ret ? ret : lease_change(NETMEM_TX_CMD_LEASE_ADD, &req);
}

static int lease_del(struct args *args)
{
	struct request req = { .dev = NULL };
	const struct keyword table[] = {
		{ "dev", &req.dev },
		{ "netns", &req.netns },
		{ "nic", &req.nic },
		{ NULL, NULL },
	};
	int ret = parse_keywords(table, args, usage);

	return ret ? ret : lease_change(NETMEM_TX_CMD_LEASE_DEL, &req);
}

int do_lease(struct args *args)
{
	static const struct command table[] = {
		{ "show", lease_show },
		{ "list", lease_show },
		{ "add", lease_add },
		{ "del", lease_del },
		{ "delete", lease_del },
		{ NULL, NULL },
	};

	return run_command(table, args, usage);
}
