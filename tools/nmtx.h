/* SPDX-License-Identifier: GPL-2.0-only */
/* What the objects of nmtx share: the family, and what monitor prints. */
#ifndef NMTX_H
#define NMTX_H

#include <linux/netmem_tx.h>

#include "args.h"
#include "nl.h"
#include "out.h"

/**
 * struct tx - a socket that speaks netmem-tx
 * @nl: the socket
 * @family: the family
 */
struct tx {
	struct nl nl;
	struct genl_family family;
};

/**
 * struct native_lease - a lease by the kernel's own RX-queue lease
 * @dev: the virtual device
 * @netns: its namespace, an open file, or -1 for our own
 * @nic: the NIC
 * @queue: the NIC's queue, or -1 for the last free one
 */
struct native_lease {
	const char *dev;
	int netns;
	const char *nic;
	int64_t queue;
};

/* The counters NETMEM_TX_A_STATS_DROP_*, which are the last ones. */
#define STATS_DROPS \
	(NETMEM_TX_A_STATS_MAX - NETMEM_TX_A_STATS_DROP_MIXED + 1)

/**
 * struct stats_drops - packets dropped since load, by reason
 * @count: how many
 */
struct stats_drops {
	uint64_t count[STATS_DROPS];
};

int stats_drops(struct tx *tx, struct stats_drops *drops);
const char *stats_drop_reason(unsigned int i);

int tx_find(struct tx *tx);
int tx_open(struct tx *tx);
void tx_close(struct tx *tx);
int tx_get(uint8_t cmd, bool dump, nl_cb cb, const char *what);
int tx_native_leases(struct tx *tx, bool *native);

void mode_print(const char *key, uint32_t mode);
void source_print(const char *key, uint32_t source);
void state_print(const char *key, uint32_t state);
void backend_print(const char *key, uint32_t backend);

int lease_print(const struct nlmsghdr *nlh);
int binding_print(const struct nlmsghdr *nlh);

bool native_supported(void);
int native_add(const struct native_lease *lease);
int native_show(bool others_only);
int native_find(const struct native_lease *lease);

int do_dev(struct args *args);
int do_lease(struct args *args);
int do_binding(struct args *args);
int do_stats(struct args *args);
int do_status(struct args *args);
int do_drain(struct args *args);
int do_monitor(struct args *args);
int do_top(struct args *args);
int do_redirect(struct args *args);
int do_doctor(struct args *args);

#endif /* NMTX_H */
