// SPDX-License-Identifier: GPL-2.0-only
/* nmtx status: the state of the module. */
#include <errno.h>

#include "nmtx.h"

#define STATUS_MAX	(__NETMEM_TX_A_STATUS_MAX - 1)

static const char usage[] =
	"Usage: nmtx status [ show ]\n";

static void print_bool(const char *key, const struct nlattr *attr)
{
	if (attr)
		out_bool(key, mnl_attr_get_u32(attr) != 0);
}

static void print_u32(const char *key, const struct nlattr *attr)
{
	if (attr)
		out_uint(key, mnl_attr_get_u32(attr));
}

static void print_backend(const char *key, const struct nlattr *attr)
{
	if (attr)
		backend_print(key, mnl_attr_get_u32(attr));
}

static int status_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[STATUS_MAX + 1] = {
		[NETMEM_TX_A_STATUS_VERSION] = MNL_TYPE_NUL_STRING,
		[NETMEM_TX_A_STATUS_NATIVE_LEASES] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_HOOK] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_ATTACHED] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_BACKEND] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_ATTACH_ALWAYS] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_DRAINING] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_LEASES] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_BINDINGS] = MNL_TYPE_U32,
		[NETMEM_TX_A_STATUS_MAX_BINDINGS] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[STATUS_MAX + 1];

	(void)arg;
	if (genl_attrs(nlh, types, tb, STATUS_MAX))
		return -EBADMSG;
	out_record_begin();
	out_lines(true);
	if (tb[NETMEM_TX_A_STATUS_VERSION])
		out_str("version",
			mnl_attr_get_str(tb[NETMEM_TX_A_STATUS_VERSION]));
	print_bool("native_leases", tb[NETMEM_TX_A_STATUS_NATIVE_LEASES]);
	print_backend("hook", tb[NETMEM_TX_A_STATUS_HOOK]);
	print_bool("attached", tb[NETMEM_TX_A_STATUS_ATTACHED]);
	print_backend("backend", tb[NETMEM_TX_A_STATUS_BACKEND]);
	print_bool("attach_always", tb[NETMEM_TX_A_STATUS_ATTACH_ALWAYS]);
	print_bool("draining", tb[NETMEM_TX_A_STATUS_DRAINING]);
	print_u32("leases", tb[NETMEM_TX_A_STATUS_LEASES]);
	print_u32("bindings", tb[NETMEM_TX_A_STATUS_BINDINGS]);
	print_u32("max_bindings", tb[NETMEM_TX_A_STATUS_MAX_BINDINGS]);
	out_lines(false);
	out_record_end();
	return 0;
}

static int status_show(struct args *args)
{
	if (no_more_args(args, usage))
		return EXIT_USAGE;
	return tx_get(NETMEM_TX_CMD_STATUS_GET, false, status_cb, "status");
}

int do_status(struct args *args)
{
	static const struct command table[] = {
		{ "show", status_show },
		{ NULL, NULL },
	};

	return run_command(table, args, usage);
}
