/* SPDX-License-Identifier: GPL-2.0 */
/* nmtx_fuzz: netlink messages to bind-tx and to our own family. */
#ifndef NMTX_FUZZ_H
#define NMTX_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLOTS		24
#define MAX_MESSAGE	20000

/* The same numbers for the same seed. */
struct rng {
	uint64_t state;
};

uint64_t rng_next(struct rng *rng);

/* A number below @n. */
static inline uint32_t rng_below(struct rng *rng, uint32_t n)
{
	return (rng_next(rng) >> 16) % n;
}

/* True @percent times of a hundred. */
static inline bool rng_often(struct rng *rng, unsigned int percent)
{
	return rng_below(rng, 100) < percent;
}

/**
 * struct pool - what messages name: devices and file descriptors
 * @fds: dma-bufs of all sizes, and what is none
 * @spare: what another thread puts in their place now and then
 * @netns: files of network namespaces
 * @ifindexes: devices of this namespace and others
 * @names: theirs: a device that comes back has another number
 * @n_ifindexes: how many of them are set
 * @good: places in @ifindexes: devices that bind-tx may succeed on
 * @n_good: how many of them are set
 */
struct pool {
	int fds[SLOTS];
	int spare[SLOTS];
	int netns[3];
	uint32_t ifindexes[16];
	const char *names[16];
	unsigned int n_ifindexes;
	uint32_t good[4];
	unsigned int n_good;
};

void pool_make(struct pool *pool);
void pool_device(struct pool *pool, const char *name, bool good);
/* From now on a thread closes and replaces descriptors under the messages. */
void pool_churn(struct pool *pool, uint64_t seed);

/**
 * struct families - their numbers
 * @netdev: has bind-tx
 * @ours: 0 when it is not there
 */
struct families {
	uint16_t netdev;
	uint16_t ours;
};

/* One message at @buf, which has MAX_MESSAGE bytes; returns its length. */
size_t message_make(void *buf, struct rng *rng, const struct pool *pool,
		    const struct families *families, uint32_t seq);

#endif
