// SPDX-License-Identifier: GPL-2.0
/* What messages name. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dmabuf.h"
#include "fuzz.h"
#include "util.h"

/* The first half can be bound, as long as the other thread leaves them. */
static int some_fd(unsigned int slot)
{
	static const size_t sizes[] = { 1, 1, 2, 3, 16, 64 };
	struct dmabuf buf;

	if (slot < SLOTS / 2) {
		dmabuf_make(&buf, 4096 * sizes[slot % 6], slot);
		close(buf.memfd);
		munmap(buf.mem, buf.size);
		return buf.fd;
	}
	switch (slot % 6) {
	case 0:
		return memfd_create("fuzz", 0);
	case 1:
		return open("/dev/null", O_RDWR);
	case 2:
		return eventfd(0, 0);
	case 3:
		return socket(AF_INET, SOCK_STREAM, 0);
	case 4:
		return open("/proc/self/ns/net", O_RDONLY);
	}
	return open("/", O_PATH);
}

/* Fill a new pool; dies when there is no udmabuf. */
void pool_make(struct pool *pool)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		/* High ones: what is opened meanwhile takes the lowest. */
		pool->fds[i] = fcntl(some_fd(i), F_DUPFD, 200 + i);
		pool->spare[i] = some_fd(i);
		if (pool->fds[i] < 0 || pool->spare[i] < 0)
			die("descriptor %u", i);
	}
	pool->netns[0] = open("/proc/self/ns/net", O_RDONLY);
	pool->netns[1] = open("/run/netns/guest", O_RDONLY);
	pool->netns[2] = open("/run/netns/remote", O_RDONLY);
}

/* By name or number; @good: bind-tx may succeed on it. */
void pool_device(struct pool *pool, const char *name, bool good)
{
	uint32_t index = if_nametoindex(name) ?: strtoul(name, NULL, 10);

	if (!index || pool->n_good == 4 || pool->n_ifindexes == 16)
		die("device %s", name);
	if (good)
		pool->good[pool->n_good++] = pool->n_ifindexes;
	pool->names[pool->n_ifindexes] = name;
	pool->ifindexes[pool->n_ifindexes++] = index;
}

static void find_again(struct pool *pool)
{
	unsigned int i;
	uint32_t index;

	for (i = 0; i < pool->n_ifindexes; i++) {
		index = if_nametoindex(pool->names[i]);
		if (index)
			pool->ifindexes[i] = index;
	}
}

struct churn {
	struct pool *pool;
	struct rng rng;
};

static void *churn(void *data)
{
	struct churn *me = data;
	unsigned int slot, other;

	for (;;) {
		find_again(me->pool);
		slot = rng_below(&me->rng, SLOTS);
		other = rng_often(&me->rng, 80) ? slot :
						  rng_below(&me->rng, SLOTS);
		if (rng_often(&me->rng, 30))
			close(me->pool->fds[slot]);
		usleep(rng_below(&me->rng, 200));
		dup2(me->pool->spare[other], me->pool->fds[slot]);
		usleep(rng_below(&me->rng, 5000));
	}
	return NULL;
}

/* See fuzz.h; runs until the process ends. */
void pool_churn(struct pool *pool, uint64_t seed)
{
	struct churn *me = calloc(1, sizeof(*me));
	pthread_t thread;

	if (!me)
		die("memory");
	me->pool = pool;
	me->rng.state = seed * 2 + 1;
	if (pthread_create(&thread, NULL, churn, me))
		die("thread");
}
