// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leases of Linux 7.1 and later. A queue of the virtual device is created
 * as a lease of a NIC's RX queue, from inside the virtual device's netns;
 * the NIC's netns is named by an id that the former gives to the latter.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "link.h"
#include "native.h"
#include "netns.h"
#include "nmtx.h"

/**
 * native_supported() - tell whether the kernel has RX-queue leases
 *
 * Return: true if it has.
 */
bool native_supported(void)
{
	struct genl_family family;
	struct nl nl;
	int ret;

	ret = nl_open(&nl, NETLINK_GENERIC);
	if (!ret)
		ret = genl_find(&nl, NATIVE_FAMILY, NULL, &family);
	nl_close(&nl);
	return !ret && (family.ops & (1ULL << NATIVE_CMD_QUEUE_CREATE));
}

/* All that one queue-create needs. */
struct create {
	struct nl genl;		/* in the netns of the virtual device */
	struct nl rtnl;		/* same */
	struct genl_family family;
	struct link vdev;
	struct link nic;
	int32_t nsid;		/* the NIC's netns as seen from there, or -1 */
	uint32_t queue_id;	/* the answer */
};

static int create_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NATIVE_A_QUEUE_ID + 1] = {
		[NATIVE_A_QUEUE_ID] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NATIVE_A_QUEUE_ID + 1];
	struct create *create = arg;

	if (genl_attrs(nlh, types, tb, NATIVE_A_QUEUE_ID) ||
	    !tb[NATIVE_A_QUEUE_ID])
		return -EBADMSG;
	create->queue_id = mnl_attr_get_u32(tb[NATIVE_A_QUEUE_ID]);
	return 0;
}

static int create_queue(struct create *create, uint32_t queue)
{
	struct nlattr *lease, *inner;
	struct nl_req req;
	struct nlmsghdr *nlh;

	genl_put_header(&req, &create->family, NATIVE_CMD_QUEUE_CREATE);
	nlh = req.nlh;
	mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_IFINDEX, create->vdev.ifindex);
	mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_TYPE, NATIVE_QUEUE_TYPE_RX);
	lease = mnl_attr_nest_start(nlh, NATIVE_A_QUEUE_LEASE);
	mnl_attr_put_u32(nlh, NATIVE_A_LEASE_IFINDEX, create->nic.ifindex);
	inner = mnl_attr_nest_start(nlh, NATIVE_A_LEASE_QUEUE);
	mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_ID, queue);
	mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_TYPE, NATIVE_QUEUE_TYPE_RX);
	mnl_attr_nest_end(nlh, inner);
	if (create->nsid >= 0)
		mnl_attr_put_u32(nlh, NATIVE_A_LEASE_NETNS_ID,
				 (uint32_t)create->nsid);
	mnl_attr_nest_end(nlh, lease);
	return nl_do(&create->genl, &req, create_cb, create);
}

/* The queue that was asked for; else the last one that is free. */
static int create_any(struct create *create, int64_t wanted, uint32_t *queue)
{
	uint32_t count = create->nic.rx_queues ? create->nic.rx_queues : 1;
	int ret;

	if (wanted >= 0) {
		*queue = (uint32_t)wanted;
		return create_queue(create, *queue);
	}
	do {
		*queue = --count;
		ret = create_queue(create, *queue);
	} while (count && (ret == -ERANGE || ret == -EBUSY));
	return ret;
}

static int find_nic(const char *name, struct link *nic)
{
	struct nl rtnl;
	int ret;

	ret = netns_nl_open(-1, &rtnl, NETLINK_ROUTE);
	if (!ret)
		ret = link_by_name(&rtnl, name, nic);
	nl_close(&rtnl);
	return ret;
}

/* How the virtual device's netns numbers ours; -1 if it is ours. */
static int find_nsid(struct create *create, int netns)
{
	int own, ret = 0;

	create->nsid = -1;
	if (netns < 0)
		return EXIT_OK;
	own = netns_open_own();
	if (own < 0)
		return EXIT_RUNTIME;
	if (!netns_same(own, netns))
		ret = link_need_netns_id(&create->rtnl, own, &create->nsid);
	close(own);
	return ret ? nl_fail(&create->rtnl, ret, "network namespace id") :
		     EXIT_OK;
}

static void create_print(const struct create *create, uint32_t queue)
{
	if (!out_is_json())
		return;
	out_record_begin();
	out_json_str("dev", create->vdev.name);
	out_json_uint("ifindex", create->vdev.ifindex);
	out_json_uint("queue", create->queue_id);
	out_json_str("nic", create->nic.name);
	out_json_uint("nic_ifindex", create->nic.ifindex);
	out_json_uint("nic_queue", queue);
	out_json_bool("native", true);
	out_record_end();
}

static int create_lease(struct create *create, const struct native_lease *lease)
{
	uint32_t queue;
	int ret;

	if (netns_nl_open(lease->netns, &create->rtnl, NETLINK_ROUTE) ||
	    netns_nl_open(lease->netns, &create->genl, NETLINK_GENERIC) ||
	    link_by_name(&create->rtnl, lease->dev, &create->vdev) ||
	    find_nic(lease->nic, &create->nic) ||
	    find_nsid(create, lease->netns))
		return EXIT_RUNTIME;
	ret = genl_find(&create->genl, NATIVE_FAMILY, NULL, &create->family);
	if (ret)
		return nl_fail(&create->genl, ret, "netdev netlink family");
	ret = create_any(create, lease->queue, &queue);
	if (ret)
		return nl_fail(&create->genl, ret,
			       "lease add dev %s nic %s queue %u", lease->dev,
			       lease->nic, queue);
	create_print(create, queue);
	return EXIT_OK;
}

/**
 * native_add() - lease a NIC's RX queue to a virtual device
 * @lease: what and where
 *
 * Return: an exit code.
 */
int native_add(const struct native_lease *lease)
{
	struct create create = { .nsid = -1 };
	int ret = create_lease(&create, lease);

	nl_close(&create.genl);
	nl_close(&create.rtnl);
	return ret;
}

/* The lease inside of an answer to queue-get. */
struct leased {
	uint32_t ifindex;
	uint32_t queue;
	int32_t nsid;
};

static int parse_leased(const struct nlattr *nest, struct leased *leased)
{
	static const uint8_t types[NATIVE_A_LEASE_NETNS_ID + 1] = {
		[NATIVE_A_LEASE_IFINDEX] = MNL_TYPE_U32,
		[NATIVE_A_LEASE_QUEUE] = MNL_TYPE_NESTED,
		[NATIVE_A_LEASE_NETNS_ID] = MNL_TYPE_U32,
	};
	static const uint8_t queue_types[NATIVE_A_QUEUE_ID + 1] = {
		[NATIVE_A_QUEUE_ID] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NATIVE_A_LEASE_NETNS_ID + 1];
	const struct nlattr *qtb[NATIVE_A_QUEUE_ID + 1];

	if (nl_attrs_nested(nest, types, tb, NATIVE_A_LEASE_NETNS_ID) ||
	    !tb[NATIVE_A_LEASE_IFINDEX] || !tb[NATIVE_A_LEASE_QUEUE] ||
	    nl_attrs_nested(tb[NATIVE_A_LEASE_QUEUE], queue_types, qtb,
			    NATIVE_A_QUEUE_ID) ||
	    !qtb[NATIVE_A_QUEUE_ID])
		return -EBADMSG;
	leased->ifindex = mnl_attr_get_u32(tb[NATIVE_A_LEASE_IFINDEX]);
	leased->queue = mnl_attr_get_u32(qtb[NATIVE_A_QUEUE_ID]);
	leased->nsid = -1;
	if (tb[NATIVE_A_LEASE_NETNS_ID])
		leased->nsid =
			(int32_t)mnl_attr_get_u32(tb[NATIVE_A_LEASE_NETNS_ID]);
	return 0;
}

static void print_link(struct nl *rtnl, const char *name_key,
		       const char *index_key, uint32_t ifindex, int32_t nsid)
{
	struct link link;
	bool named = !link_by_index(rtnl, ifindex, nsid, &link);

	if (named)
		out_str(name_key, link.name);
	if (out_is_json() || !named)
		out_uint(index_key, ifindex);
}

static void print_leased(struct nl *rtnl, uint32_t nic, uint32_t nic_queue,
			 const struct leased *leased)
{
	const char *netns;

	out_record_begin();
	print_link(rtnl, "dev", "ifindex", leased->ifindex, leased->nsid);
	if (leased->nsid >= 0) {
		netns = netns_name_of_id(rtnl, leased->nsid);
		if (netns)
			out_str("netns", netns);
		if (out_is_json() || !netns)
			out_uint("netns_id", (uint32_t)leased->nsid);
	}
	out_uint("queue", leased->queue);
	print_link(rtnl, "nic", "nic_ifindex", nic, -1);
	out_uint("nic_queue", nic_queue);
	out_json_bool("native", true);
	out_text("native");
	out_record_end();
}

struct show {
	struct nl *rtnl;
	bool others_only;
};

static int show_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NATIVE_A_QUEUE_LEASE + 1] = {
		[NATIVE_A_QUEUE_ID] = MNL_TYPE_U32,
		[NATIVE_A_QUEUE_IFINDEX] = MNL_TYPE_U32,
		[NATIVE_A_QUEUE_LEASE] = MNL_TYPE_NESTED,
	};
	const struct nlattr *tb[NATIVE_A_QUEUE_LEASE + 1];
	const struct show *show = arg;
	struct leased leased;

	if (genl_attrs(nlh, types, tb, NATIVE_A_QUEUE_LEASE) ||
	    !tb[NATIVE_A_QUEUE_ID] || !tb[NATIVE_A_QUEUE_IFINDEX])
		return -EBADMSG;
	if (!tb[NATIVE_A_QUEUE_LEASE])
		return 0;
	if (parse_leased(tb[NATIVE_A_QUEUE_LEASE], &leased))
		return -EBADMSG;
	if (show->others_only && leased.nsid < 0)
		return 0;
	print_leased(show->rtnl, mnl_attr_get_u32(tb[NATIVE_A_QUEUE_IFINDEX]),
		     mnl_attr_get_u32(tb[NATIVE_A_QUEUE_ID]), &leased);
	return 0;
}

/**
 * native_show() - print the leases of the NICs in our netns
 * @others_only: only those of virtual devices in other namespaces
 *
 * The kernel tells of a lease on the NIC's side, while the NIC is up.
 *
 * Return: an exit code.
 */
int native_show(bool others_only)
{
	struct genl_family family;
	struct nl genl, rtnl;
	struct show show = { .rtnl = &rtnl, .others_only = others_only };
	struct nl_req req;
	int ret;

	ret = netns_nl_open(-1, &rtnl, NETLINK_ROUTE);
	if (ret)
		return ret;
	ret = netns_nl_open(-1, &genl, NETLINK_GENERIC);
	if (ret)
		goto out;
	ret = genl_find(&genl, NATIVE_FAMILY, NULL, &family);
	if (!ret) {
		genl_put_header(&req, &family, NATIVE_CMD_QUEUE_GET);
		ret = nl_dump(&genl, &req, show_cb, &show);
	}
	if (ret)
		ret = nl_fail(&genl, ret, "lease show");
out:
	nl_close(&genl);
	nl_close(&rtnl);
	return ret;
}

struct find {
	struct nl *rtnl;
	const struct native_lease *lease;
	uint32_t own_inum;
	int found;
};

/* Is this number, in our netns, of the namespace that is looked for? */
static bool is_netns(const struct find *find, int32_t nsid)
{
	int netns = find->lease->netns;
	int32_t id;

	if (netns < 0 || netns_inum(netns) == find->own_inum)
		return nsid < 0;
	return !link_netns_id(find->rtnl, netns, &id) && id >= 0 && id == nsid;
}

static bool is_named(const struct find *find, uint32_t ifindex, int32_t nsid,
		     const char *name)
{
	struct link link;

	return !link_by_index(find->rtnl, ifindex, nsid, &link) &&
	       !strcmp(link.name, name);
}

static int find_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NATIVE_A_QUEUE_LEASE + 1] = {
		[NATIVE_A_QUEUE_IFINDEX] = MNL_TYPE_U32,
		[NATIVE_A_QUEUE_LEASE] = MNL_TYPE_NESTED,
	};
	const struct nlattr *tb[NATIVE_A_QUEUE_LEASE + 1];
	struct find *find = arg;
	const struct native_lease *lease = find->lease;
	struct leased leased;

	if (genl_attrs(nlh, types, tb, NATIVE_A_QUEUE_LEASE) ||
	    !tb[NATIVE_A_QUEUE_IFINDEX])
		return -EBADMSG;
	if (!tb[NATIVE_A_QUEUE_LEASE] ||
	    parse_leased(tb[NATIVE_A_QUEUE_LEASE], &leased))
		return 0;
	if (lease->nic &&
	    !is_named(find, mnl_attr_get_u32(tb[NATIVE_A_QUEUE_IFINDEX]), -1,
		      lease->nic))
		return 0;
	if (!lease->dev ||
	    (is_netns(find, leased.nsid) &&
	     is_named(find, leased.ifindex, leased.nsid, lease->dev)))
		find->found = 1;
	return 0;
}

/**
 * native_find() - is there such a lease of a NIC in our netns?
 * @lease: @dev in @netns, or NULL for any device; @nic, or NULL for any NIC
 *
 * Return: 1 or 0, or -errno if the kernel cannot be asked.
 */
int native_find(const struct native_lease *lease)
{
	struct genl_family family;
	struct nl genl, rtnl;
	struct find find = {
		.rtnl = &rtnl,
		.lease = lease,
		.own_inum = netns_inum(-1),
	};
	struct nl_req req;
	int ret;

	ret = nl_open(&rtnl, NETLINK_ROUTE);
	if (!ret) {
		ret = nl_open(&genl, NETLINK_GENERIC);
		if (!ret)
			ret = genl_find(&genl, NATIVE_FAMILY, NULL, &family);
		if (!ret) {
			genl_put_header(&req, &family, NATIVE_CMD_QUEUE_GET);
			ret = nl_dump(&genl, &req, find_cb, &find);
		}
		nl_close(&genl);
	}
	nl_close(&rtnl);
	return ret ? ret : find.found;
}
