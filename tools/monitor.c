// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmtx monitor: leases and bindings as they come and go, and what is dropped.
 * The module tells of the first two; drops are counters, asked for each second.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "nmtx.h"

static const char usage[] =
	"Usage: nmtx monitor\n";

/* Tells the loop that the family is gone: no event will come any more. */
#define FAMILY_GONE	(-ESHUTDOWN)

static int ctrl_event(const struct nlmsghdr *nlh, const struct tx *tx)
{
	static const uint8_t types[CTRL_ATTR_FAMILY_ID + 1] = {
		[CTRL_ATTR_FAMILY_ID] = MNL_TYPE_U16,
	};
	const struct nlattr *tb[CTRL_ATTR_FAMILY_ID + 1];

	if (genl_cmd(nlh) == CTRL_CMD_DELFAMILY &&
	    !genl_attrs(nlh, types, tb, CTRL_ATTR_FAMILY_ID) &&
	    tb[CTRL_ATTR_FAMILY_ID] &&
	    mnl_attr_get_u16(tb[CTRL_ATTR_FAMILY_ID]) == tx->family.id)
		return FAMILY_GONE;
	return 0;
}

static int event_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const struct {
		const char *name;
		const char *text;
		int (*print)(const struct nlmsghdr *nlh);
	} events[__NETMEM_TX_CMD_MAX] = {
		[NETMEM_TX_CMD_LEASE_ADD_NTF] = { "lease-add", "lease add",
						  lease_print },
		[NETMEM_TX_CMD_LEASE_DEL_NTF] = { "lease-del", "lease del",
						  lease_print },
		[NETMEM_TX_CMD_BINDING_ADD_NTF] = { "binding-add",
						    "binding add",
						    binding_print },
		[NETMEM_TX_CMD_BINDING_DEL_NTF] = { "binding-del",
						    "binding del",
						    binding_print },
	};
	const struct tx *tx = arg;
	int cmd = genl_cmd(nlh);
	int ret;

	if (nlh->nlmsg_type == GENL_ID_CTRL)
		return ctrl_event(nlh, tx);
	if (nlh->nlmsg_type != tx->family.id || cmd < 0 ||
	    cmd >= __NETMEM_TX_CMD_MAX || !events[cmd].name)
		return 0;
	out_record_begin();
	out_json_str("event", events[cmd].name);
	out_text(events[cmd].text);
	ret = events[cmd].print(nlh);
	out_record_end();
	out_flush_record();
	return ret;
}

/* A second socket: on the first one events would come between. */
struct drop_watch {
	struct tx tx;
	struct stats_drops last;
	time_t asked;
};

static time_t seconds(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) ? 0 : now.tv_sec;
}

/* Asked once a second; when it fails the events go on. */
static void print_drops(struct drop_watch *watch)
{
	struct stats_drops now;
	unsigned int i;

	watch->asked = seconds();
	if (stats_drops(&watch->tx, &now))
		return;
	for (i = 0; i < STATS_DROPS; i++) {
		if (now.count[i] <= watch->last.count[i])
			continue;
		out_record_begin();
		out_json_str("event", "drop");
		out_text("drop");
		out_str("reason", stats_drop_reason(i));
		out_uint("count", now.count[i] - watch->last.count[i]);
		out_record_end();
		out_flush_record();
	}
	watch->last = now;
}

static int listen_for_ever(struct tx *tx, struct drop_watch *watch)
{
	struct pollfd pollfd = { .events = POLLIN };
	int ret;

	pollfd.fd = mnl_socket_get_fd(tx->nl.sk);
	for (;;) {
		ret = poll(&pollfd, 1, 1000);
		if (!ret || seconds() != watch->asked)
			print_drops(watch);
		if (ret <= 0)
			continue;
		ret = nl_listen(&tx->nl, event_cb, tx);
		if (ret == -ENOBUFS)
			warn_user("too many events at once, some are lost");
		else if (ret == FAMILY_GONE)
			return fail("module netmem_tx was unloaded");
		else if (ret && ret != -EINTR)
			return nl_fail(&tx->nl, ret, "monitor");
	}
}

static int monitor(struct tx *tx)
{
	struct drop_watch watch = { .asked = seconds() };
	int ret;

	if (tx_open(&watch.tx))
		return EXIT_RUNTIME;
	ret = stats_drops(&watch.tx, &watch.last);
	/* The group of nlctrl has the number of its family. */
	if (!ret)
		ret = tx->family.events ? nl_join(&tx->nl, tx->family.events) :
					  -ENOENT;
	if (!ret)
		ret = nl_join(&tx->nl, GENL_ID_CTRL);
	ret = ret ? nl_fail(NULL, ret, "monitor") : listen_for_ever(tx, &watch);
	tx_close(&watch.tx);
	return ret;
}

int do_monitor(struct args *args)
{
	struct tx tx;
	int ret;

	if (args->argc && !strcmp(args->argv[0], "help"))
		return usage_help(usage);
	if (no_more_args(args, usage))
		return EXIT_USAGE;
	if (tx_open(&tx))
		return EXIT_RUNTIME;
	ret = monitor(&tx);
	tx_close(&tx);
	return ret;
}
