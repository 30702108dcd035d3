// SPDX-License-Identifier: GPL-2.0-only
/* nmtx stats: counters of the whole host since load. */
#include <errno.h>
#include <string.h>

#include "nmtx.h"

static const char usage[] =
	"Usage: nmtx stats [ show ]\n";

static const char *const names[NETMEM_TX_A_STATS_MAX + 1] = {
	[NETMEM_TX_A_STATS_BIND] = "bind",
	[NETMEM_TX_A_STATS_BIND_REFUSED] = "bind_refused",
	[NETMEM_TX_A_STATS_SEND_REFUSED] = "send_refused",
	[NETMEM_TX_A_STATS_PASS] = "pass",
	[NETMEM_TX_A_STATS_DROP_MIXED] = "drop_mixed",
	[NETMEM_TX_A_STATS_DROP_OWNER] = "drop_owner",
	[NETMEM_TX_A_STATS_DROP_CHECKSUM] = "drop_checksum",
	[NETMEM_TX_A_STATS_DROP_LINEARIZE] = "drop_linearize",
	[NETMEM_TX_A_STATS_DROP_GSO] = "drop_gso",
	[NETMEM_TX_A_STATS_DROP_CRYPTO] = "drop_crypto",
};

static int parse(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	uint8_t types[NETMEM_TX_A_STATS_MAX + 1];
	unsigned int i;

	for (i = 0; i <= NETMEM_TX_A_STATS_MAX; i++)
		types[i] = names[i] ? MNL_TYPE_U64 : MNL_TYPE_UNSPEC;
	return genl_attrs(nlh, types, tb, NETMEM_TX_A_STATS_MAX);
}

static int drops_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NETMEM_TX_A_STATS_MAX + 1];
	struct stats_drops *drops = arg;
	unsigned int i;

	if (parse(nlh, tb))
		return -EBADMSG;
	for (i = 0; i < STATS_DROPS; i++)
		if (tb[NETMEM_TX_A_STATS_DROP_MIXED + i])
			drops->count[i] = mnl_attr_get_u64(tb[NETMEM_TX_A_STATS_DROP_MIXED + i]);
	return 0;
}

/**
 * stats_drops() - ask for the counters of dropped packets
 * @tx: the socket
 * @drops: the answer
 *
 * Return: 0 or -errno.
 */
int stats_drops(struct tx *tx, struct stats_drops *drops)
{
	struct nl_req req;

	memset(drops, 0, sizeof(*drops));
	genl_put_header(&req, &tx->family, NETMEM_TX_CMD_STATS_GET);
	return nl_do(&tx->nl, &req, drops_cb, drops);
}

/**
 * stats_drop_reason() - the word for a counter of dropped packets
 * @i: which one
 *
 * Return: the word.
 */
const char *stats_drop_reason(unsigned int i)
{
	return names[NETMEM_TX_A_STATS_DROP_MIXED + i] + strlen("drop_");
}

static int stats_cb(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *tb[NETMEM_TX_A_STATS_MAX + 1];
	unsigned int i;

	(void)arg;
	if (parse(nlh, tb))
		return -EBADMSG;
	out_record_begin();
	out_lines(true);
	for (i = 0; i <= NETMEM_TX_A_STATS_MAX; i++)
		if (names[i] && tb[i])
			out_uint(names[i], mnl_attr_get_u64(tb[i]));
	out_lines(false);
	out_record_end();
	return 0;
}

static int stats_show(struct args *args)
{
	if (no_more_args(args, usage))
		return EXIT_USAGE;
	return tx_get(NETMEM_TX_CMD_STATS_GET, false, stats_cb, "stats");
}

int do_stats(struct args *args)
{
	static const struct command table[] = {
		{ "show", stats_show },
		{ NULL, NULL },
	};

	return run_command(table, args, usage);
}
