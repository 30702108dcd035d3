// SPDX-License-Identifier: GPL-2.0-only
/* nmtx binding: dma-bufs bound through a NO_DMA device. */
#include <errno.h>

#include "netns.h"
#include "nmtx.h"

static const char usage[] =
	"Usage: nmtx binding [ show ]\n";

static void print_u32(const char *key, const struct nlattr *attr)
{
	if (attr)
		out_uint(key, mnl_attr_get_u32(attr));
}

/**
 * binding_print() - print the keys of one binding
 * @nlh: the message
 *
 * Return: 0 or -EBADMSG.
 */
int binding_print(const struct nlmsghdr *nlh)
{
	static const uint8_t types[NETMEM_TX_A_BINDING_MAX + 1] = {
		[NETMEM_TX_A_BINDING_ID] = MNL_TYPE_U32,
		[NETMEM_TX_A_BINDING_STATE] = MNL_TYPE_U32,
		[NETMEM_TX_A_BINDING_VDEV_IFINDEX] = MNL_TYPE_U32,
		[NETMEM_TX_A_BINDING_VDEV_NETNS_INUM] = MNL_TYPE_U32,
		[NETMEM_TX_A_BINDING_NIC_IFINDEX] = MNL_TYPE_U32,
		[NETMEM_TX_A_BINDING_UID] = MNL_TYPE_U32,
		[NETMEM_TX_A_BINDING_PID] = MNL_TYPE_U32,
		[NETMEM_TX_A_BINDING_SIZE] = MNL_TYPE_U64,
	};
	const struct nlattr *tb[NETMEM_TX_A_BINDING_MAX + 1];
	const struct nlattr *attr;

	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_BINDING_MAX) ||
	    !tb[NETMEM_TX_A_BINDING_ID])
		return -EBADMSG;
	print_u32("id", tb[NETMEM_TX_A_BINDING_ID]);
	attr = tb[NETMEM_TX_A_BINDING_STATE];
	if (attr)
		state_print("state", mnl_attr_get_u32(attr));
	print_u32("ifindex", tb[NETMEM_TX_A_BINDING_VDEV_IFINDEX]);
	attr = tb[NETMEM_TX_A_BINDING_VDEV_NETNS_INUM];
	if (attr)
		netns_print(mnl_attr_get_u32(attr));
	print_u32("nic_ifindex", tb[NETMEM_TX_A_BINDING_NIC_IFINDEX]);
	print_u32("uid", tb[NETMEM_TX_A_BINDING_UID]);
	print_u32("pid", tb[NETMEM_TX_A_BINDING_PID]);
	attr = tb[NETMEM_TX_A_BINDING_SIZE];
	if (attr)
		out_uint("size", mnl_attr_get_u64(attr));
	return 0;
}

static int binding_cb(const struct nlmsghdr *nlh, void *arg)
{
	int ret;

	(void)arg;
	out_record_begin();
	ret = binding_print(nlh);
	out_record_end();
	return ret;
}

static int binding_show(struct args *args)
{
	int ret;

	if (no_more_args(args, usage))
		return EXIT_USAGE;
	out_array_begin();
	ret = tx_get(NETMEM_TX_CMD_BINDING_GET, true, binding_cb,
		     "binding show");
	out_array_end(ret == EXIT_OK);
	return ret;
}

int do_binding(struct args *args)
{
	static const struct command table[] = {
		{ "show", binding_show },
		{ "list", binding_show },
		{ NULL, NULL },
	};

	return run_command(table, args, usage);
}
