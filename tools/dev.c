// SPDX-License-Identifier: GPL-2.0-only
/* nmtx dev: devices and their modes. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "link.h"
#include "nmtx.h"

static const char usage[] =
	"Usage: nmtx dev [ show [ [ dev ] DEV ] ]\n";

static int dev_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NETMEM_TX_A_DEV_MAX + 1] = {
		[NETMEM_TX_A_DEV_IFINDEX] = MNL_TYPE_U32,
		[NETMEM_TX_A_DEV_IFNAME] = MNL_TYPE_NUL_STRING,
		[NETMEM_TX_A_DEV_MODE] = MNL_TYPE_U32,
		[NETMEM_TX_A_DEV_SOURCE] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NETMEM_TX_A_DEV_MAX + 1];

	(void)arg;
	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_DEV_MAX) ||
	    !tb[NETMEM_TX_A_DEV_IFINDEX] || !tb[NETMEM_TX_A_DEV_IFNAME])
		return -EBADMSG;
	out_record_begin();
	out_title("dev", mnl_attr_get_str(tb[NETMEM_TX_A_DEV_IFNAME]));
	out_json_uint("ifindex", mnl_attr_get_u32(tb[NETMEM_TX_A_DEV_IFINDEX]));
	if (tb[NETMEM_TX_A_DEV_MODE])
		mode_print("mode", mnl_attr_get_u32(tb[NETMEM_TX_A_DEV_MODE]));
	if (tb[NETMEM_TX_A_DEV_SOURCE])
		source_print("source",
			     mnl_attr_get_u32(tb[NETMEM_TX_A_DEV_SOURCE]));
	out_record_end();
	return 0;
}

static int dev_show_one(const char *name)
{
	struct nl_req req;
	uint32_t ifindex;
	struct tx tx;
	int ret;

	if (link_check_name(name))
		return EXIT_RUNTIME;
	ifindex = if_nametoindex(name);
	if (!ifindex)
		return fail("cannot find device \"%s\"", name);
	if (tx_open(&tx))
		return EXIT_RUNTIME;
	genl_put_header(&req, &tx.family, NETMEM_TX_CMD_DEV_GET);
	mnl_attr_put_u32(req.nlh, NETMEM_TX_A_DEV_IFINDEX, ifindex);
	ret = nl_do(&tx.nl, &req, dev_cb, NULL);
	if (ret)
		nl_fail(&tx.nl, ret, "dev show %s", name);
	tx_close(&tx);
	return ret ? EXIT_RUNTIME : EXIT_OK;
}

static int dev_show(struct args *args)
{
	const char *name = args_next(args);
	int ret;

	if (name && args->argc && !strcmp(name, "dev"))
		name = args_next(args);
	if (no_more_args(args, usage))
		return EXIT_USAGE;
	out_array_begin();
	if (name)
		ret = dev_show_one(name);
	else
		ret = tx_get(NETMEM_TX_CMD_DEV_GET, true, dev_cb, "dev show");
	out_array_end(ret == EXIT_OK);
	return ret;
}

int do_dev(struct args *args)
{
	static const struct command table[] = {
		{ "show", dev_show },
		{ "list", dev_show },
		{ NULL, NULL },
	};

	return run_command(table, args, usage);
}
