// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink: headers, and what the kernel says of a family. */
#include <errno.h>
#include <string.h>

#include "nl.h"

/**
 * genl_put_header() - start a generic netlink request
 * @req: the request
 * @family: the family, from genl_find()
 * @cmd: the command
 */
void genl_put_header(struct nl_req *req, const struct genl_family *family,
		     uint8_t cmd)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = family->version };

	nl_put_header(req, family->id, &genl, sizeof(genl));
}

/**
 * genl_cmd() - the command of a message
 * @nlh: the message
 *
 * Return: the command, or -EBADMSG if the message is too short.
 */
int genl_cmd(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return -EBADMSG;
	return genl->cmd;
}

struct find {
	struct genl_family *family;
	const char *group;
};

static int find_ops(const struct nlattr *nest, struct find *find)
{
	static const uint8_t types[CTRL_ATTR_OP_ID + 1] = {
		[CTRL_ATTR_OP_ID] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[CTRL_ATTR_OP_ID + 1];
	const struct nlattr *op;
	uint32_t cmd;

	mnl_attr_for_each_nested(op, nest) {
		if (nl_attrs_nested(op, types, tb, CTRL_ATTR_OP_ID))
			return -EBADMSG;
		if (!tb[CTRL_ATTR_OP_ID])
			continue;
		cmd = mnl_attr_get_u32(tb[CTRL_ATTR_OP_ID]);
		if (cmd < 64)
			find->family->ops |= 1ULL << cmd;
	}
	return 0;
}

static int find_group(const struct nlattr *nest, struct find *find)
{
	static const uint8_t types[CTRL_ATTR_MCAST_GRP_ID + 1] = {
		[CTRL_ATTR_MCAST_GRP_NAME] = MNL_TYPE_NUL_STRING,
		[CTRL_ATTR_MCAST_GRP_ID] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_ID + 1];
	const struct nlattr *grp;

	mnl_attr_for_each_nested(grp, nest) {
		if (nl_attrs_nested(grp, types, tb, CTRL_ATTR_MCAST_GRP_ID))
			return -EBADMSG;
		if (!tb[CTRL_ATTR_MCAST_GRP_NAME] ||
		    !tb[CTRL_ATTR_MCAST_GRP_ID])
			continue;
		if (!strcmp(mnl_attr_get_str(tb[CTRL_ATTR_MCAST_GRP_NAME]),
			    find->group))
			find->family->events =
				mnl_attr_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	}
	return 0;
}

static int find_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[CTRL_ATTR_MCAST_GROUPS + 1] = {
		[CTRL_ATTR_FAMILY_ID] = MNL_TYPE_U16,
		[CTRL_ATTR_VERSION] = MNL_TYPE_U32,
		[CTRL_ATTR_OPS] = MNL_TYPE_NESTED,
		[CTRL_ATTR_MCAST_GROUPS] = MNL_TYPE_NESTED,
	};
	const struct nlattr *tb[CTRL_ATTR_MCAST_GROUPS + 1];
	struct find *find = arg;

	if (genl_attrs(nlh, types, tb, CTRL_ATTR_MCAST_GROUPS) ||
	    !tb[CTRL_ATTR_FAMILY_ID])
		return -EBADMSG;
	find->family->id = mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	if (tb[CTRL_ATTR_VERSION])
		find->family->version =
			(uint8_t)mnl_attr_get_u32(tb[CTRL_ATTR_VERSION]);
	if (tb[CTRL_ATTR_OPS] && find_ops(tb[CTRL_ATTR_OPS], find))
		return -EBADMSG;
	if (find->group && tb[CTRL_ATTR_MCAST_GROUPS] &&
	    find_group(tb[CTRL_ATTR_MCAST_GROUPS], find))
		return -EBADMSG;
	return 0;
}

/**
 * genl_find() - ask the kernel for a family
 * @nl: a generic netlink socket
 * @name: the family's name
 * @group: multicast group to look for, or NULL
 * @family: the answer
 *
 * Return: 0, -ENOENT if there is no such family, or -errno.
 */
int genl_find(struct nl *nl, const char *name, const char *group,
	      struct genl_family *family)
{
	static const struct genl_family ctrl = { .id = GENL_ID_CTRL,
						 .version = 2 };
	struct find find = { .family = family, .group = group };
	struct nl_req req;
	int ret;

	memset(family, 0, sizeof(*family));
	genl_put_header(&req, &ctrl, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(req.nlh, CTRL_ATTR_FAMILY_NAME, name);
	ret = nl_do(nl, &req, find_cb, &find);
	if (!ret && !family->id)
		ret = -EBADMSG;
	return ret;
}
