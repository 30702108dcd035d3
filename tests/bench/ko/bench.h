/* SPDX-License-Identifier: GPL-2.0 */
/* Counts of guest instructions; true only under QEMU's -icount shift=0. */
#ifndef NMTX_BENCH_H
#define NMTX_BENCH_H

#include <linux/types.h>

struct net_device;

/**
 * struct bench_count - what a measurement found, in instructions
 * @min: the smallest: without a timer tick in between
 * @median: of all repeats
 */
struct bench_count {
	u64 min;
	u64 median;
};

void bench_irqs_off(void);
void bench_irqs_on(void);
void bench_sum_up(u64 *counts, unsigned int n, struct bench_count *sum);

int bench_validate(struct net_device *dev, struct bench_count *sum);
int bench_xmit(struct net_device *dev, struct bench_count *sum);
int bench_capture(struct net_device *dev);
int bench_captured(unsigned int *len, unsigned int *frags);
int bench_validate_captured(struct bench_count *sum);
int bench_packets(unsigned int rounds, struct bench_count *sum);
void bench_release(void);

int bench_attach(unsigned long *addrs, unsigned int n, u64 *attach, u64 *detach);

#endif
