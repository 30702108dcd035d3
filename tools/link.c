// SPDX-License-Identifier: GPL-2.0-only
/* Network devices and netns ids, by routing netlink. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "link.h"
#include "out.h"

/**
 * link_check_name() - refuse what cannot be a device's name
 * @name: the name
 *
 * Return: EXIT_OK, or EXIT_RUNTIME with the reason printed.
 */
int link_check_name(const char *name)
{
	if (*name && strlen(name) < IF_NAMESIZE && !strchr(name, '/'))
		return EXIT_OK;
	return fail("\"%s\" is not a device name", name);
}

static int link_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[IFLA_NUM_RX_QUEUES + 1] = {
		[IFLA_IFNAME] = MNL_TYPE_NUL_STRING,
		[IFLA_NUM_RX_QUEUES] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[IFLA_NUM_RX_QUEUES + 1];
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct link *link = arg;

	if (nl_attrs(nlh, sizeof(*info), types, tb, IFLA_NUM_RX_QUEUES) ||
	    info->ifi_index <= 0 || !tb[IFLA_IFNAME])
		return -EBADMSG;
	link->ifindex = (uint32_t)info->ifi_index;
	snprintf(link->name, sizeof(link->name), "%s",
		 mnl_attr_get_str(tb[IFLA_IFNAME]));
	if (tb[IFLA_NUM_RX_QUEUES])
		link->rx_queues = mnl_attr_get_u32(tb[IFLA_NUM_RX_QUEUES]);
	return 0;
}

static int link_ask(struct nl *rtnl, struct nl_req *req, struct link *link)
{
	int ret = nl_do(rtnl, req, link_cb, link);

	if (!ret && !link->ifindex)
		ret = -EBADMSG;
	return ret;
}

/**
 * link_by_name() - find a device
 * @rtnl: a routing netlink socket in the device's namespace
 * @name: its name
 * @link: the answer
 *
 * Return: EXIT_OK, or EXIT_RUNTIME with the reason printed.
 */
int link_by_name(struct nl *rtnl, const char *name, struct link *link)
{
	static const struct ifinfomsg info;
	struct nl_req req;
	int ret;

	memset(link, 0, sizeof(*link));
	if (link_check_name(name))
		return EXIT_RUNTIME;
	nl_put_header(&req, RTM_GETLINK, &info, sizeof(info));
	mnl_attr_put_strz(req.nlh, IFLA_IFNAME, name);
	ret = link_ask(rtnl, &req, link);
	if (ret == -ENODEV)
		return fail("cannot find device \"%s\"", name);
	if (ret)
		return nl_fail(rtnl, ret, "device \"%s\"", name);
	return EXIT_OK;
}

/**
 * link_by_index() - find a device
 * @rtnl: a routing netlink socket
 * @ifindex: its number
 * @nsid: its namespace as the socket's one numbers it, -1 for the same
 * @link: the answer
 *
 * Return: 0 or -errno.
 */
int link_by_index(struct nl *rtnl, uint32_t ifindex, int32_t nsid,
		  struct link *link)
{
	struct ifinfomsg info = { .ifi_index = (int)ifindex };
	struct nl_req req;

	memset(link, 0, sizeof(*link));
	nl_put_header(&req, RTM_GETLINK, &info, sizeof(info));
	if (nsid >= 0)
		mnl_attr_put_u32(req.nlh, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	return link_ask(rtnl, &req, link);
}

static int nsid_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NETNSA_NSID + 1] = {
		[NETNSA_NSID] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NETNSA_NSID + 1];

	if (nl_attrs(nlh, sizeof(struct rtgenmsg), types, tb, NETNSA_NSID) ||
	    !tb[NETNSA_NSID])
		return -EBADMSG;
	*(int32_t *)arg = (int32_t)mnl_attr_get_u32(tb[NETNSA_NSID]);
	return 0;
}

/**
 * link_netns_id() - how one namespace numbers another
 * @rtnl: a routing netlink socket in the one
 * @fd: the other
 * @nsid: the number, negative if it has none
 *
 * Return: 0 or -errno.
 */
int link_netns_id(struct nl *rtnl, int fd, int32_t *nsid)
{
	static const struct rtgenmsg gen = { .rtgen_family = AF_UNSPEC };
	struct nl_req req;

	*nsid = NETNSA_NSID_NOT_ASSIGNED;
	nl_put_header(&req, RTM_GETNSID, &gen, sizeof(gen));
	mnl_attr_put_u32(req.nlh, NETNSA_FD, (uint32_t)fd);
	return nl_do(rtnl, &req, nsid_cb, nsid);
}

/**
 * link_need_netns_id() - the same, but give it a number if it has none
 * @rtnl: a routing netlink socket in the one
 * @fd: the other
 * @nsid: the number
 *
 * Return: 0 or -errno.
 */
int link_need_netns_id(struct nl *rtnl, int fd, int32_t *nsid)
{
	static const struct rtgenmsg gen = { .rtgen_family = AF_UNSPEC };
	struct nl_req req;
	int ret;

	ret = link_netns_id(rtnl, fd, nsid);
	if (ret || *nsid >= 0)
		return ret;
	nl_put_header(&req, RTM_NEWNSID, &gen, sizeof(gen));
	mnl_attr_put_u32(req.nlh, NETNSA_NSID,
			 (uint32_t)NETNSA_NSID_NOT_ASSIGNED);
	mnl_attr_put_u32(req.nlh, NETNSA_FD, (uint32_t)fd);
	ret = nl_do(rtnl, &req, NULL, NULL);
	/* -EEXIST: somebody was faster. */
	if (ret && ret != -EEXIST)
		return ret;
	ret = link_netns_id(rtnl, fd, nsid);
	return ret || *nsid >= 0 ? ret : -ENONET;
}
