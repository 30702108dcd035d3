// SPDX-License-Identifier: GPL-2.0
/* Counters, one set for each CPU; nothing is shared while packets flow. */
#include "netmem_tx.h"

#include "stats.h"

DEFINE_PER_CPU(struct nmtx_stats, nmtx_stats);

/**
 * nmtx_stats_read - add up the counters of all CPUs
 * @sum: where they go
 *
 * Context: any.
 */
void nmtx_stats_read(struct nmtx_stats *sum)
{
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu)
		for (i = 0; i < NMTX_STATS; i++)
			sum->count[i] += READ_ONCE(per_cpu(nmtx_stats, cpu).count[i]);
}
