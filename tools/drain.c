// SPDX-License-Identifier: GPL-2.0-only
/* nmtx drain: revoke all bindings, so that the module can be unloaded. */
#include <errno.h>

#include "nmtx.h"

static const char usage[] =
	"Usage: nmtx drain [ on | off ]\n";

static int drain_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NETMEM_TX_A_DRAIN_MAX + 1] = {
		[NETMEM_TX_A_DRAIN_REVOKED] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NETMEM_TX_A_DRAIN_MAX + 1];

	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_DRAIN_MAX))
		return -EBADMSG;
	if (tb[NETMEM_TX_A_DRAIN_REVOKED])
		*(uint32_t *)arg =
			mnl_attr_get_u32(tb[NETMEM_TX_A_DRAIN_REVOKED]);
	return 0;
}

static int drain(struct args *args, bool on)
{
	uint32_t revoked = 0;
	struct nl_req req;
	struct tx tx;
	int ret;

	if (no_more_args(args, usage))
		return EXIT_USAGE;
	if (tx_open(&tx))
		return EXIT_RUNTIME;
	genl_put_header(&req, &tx.family, NETMEM_TX_CMD_DRAIN);
	mnl_attr_put_u32(req.nlh, NETMEM_TX_A_DRAIN_ON, on);
	ret = nl_do(&tx.nl, &req, drain_cb, &revoked);
	if (ret)
		nl_fail(&tx.nl, ret, "drain");
	tx_close(&tx);
	if (ret)
		return EXIT_RUNTIME;
	out_record_begin();
	out_bool("draining", on);
	out_uint("revoked", revoked);
	out_record_end();
	return EXIT_OK;
}

static int drain_on(struct args *args)
{
	return drain(args, true);
}

static int drain_off(struct args *args)
{
	return drain(args, false);
}

int do_drain(struct args *args)
{
	static const struct command table[] = {
		{ "on", drain_on },
		{ "off", drain_off },
		{ NULL, NULL },
	};

	return run_command(table, args, usage);
}
