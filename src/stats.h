/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_STATS_H
#define NETMEM_TX_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

/**
 * enum nmtx_stat - what is counted, in the order of NETMEM_TX_A_STATS_*
 * @NMTX_STAT_BIND: bindings made through a NO_DMA device
 * @NMTX_STAT_BIND_REFUSED: bind-tx that we answered with an error
 * @NMTX_STAT_SEND_REFUSED: sendmsg() that we answered with an error
 * @NMTX_STAT_PASS: unreadable packets passed on
 * @NMTX_DROP_MIXED: readable and unreadable fragments in one packet
 * @NMTX_DROP_OWNER: a fragment bound for another NIC
 * @NMTX_DROP_CHECKSUM: would need a software checksum
 * @NMTX_DROP_LINEARIZE: would need copying to linear memory
 * @NMTX_DROP_GSO: would need copying segmentation
 * @NMTX_DROP_CRYPTO: would need software TLS, PSP or IPsec
 * @NMTX_STATS: number of counters
 */
enum nmtx_stat {
	NMTX_STAT_BIND,
	NMTX_STAT_BIND_REFUSED,
	NMTX_STAT_SEND_REFUSED,
	NMTX_STAT_PASS,
	NMTX_DROP_MIXED,
	NMTX_DROP_OWNER,
	NMTX_DROP_CHECKSUM,
	NMTX_DROP_LINEARIZE,
	NMTX_DROP_GSO,
	NMTX_DROP_CRYPTO,
	NMTX_STATS,
};

struct nmtx_stats {
	u64 count[NMTX_STATS];
};

DECLARE_PER_CPU(struct nmtx_stats, nmtx_stats);

static inline void nmtx_count(enum nmtx_stat stat)
{
	this_cpu_inc(nmtx_stats.count[stat]);
}

void nmtx_stats_read(struct nmtx_stats *sum);

#endif
