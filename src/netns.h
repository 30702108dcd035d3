/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_NETNS_H
#define NETMEM_TX_NETNS_H

#include <linux/atomic.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct net;

/**
 * struct nmtx_netns - what is kept of a network namespace
 * @ref: held by the namespace and by every binding
 * @bindings: number of bindings made in it that are not freed yet
 * @inum: inode number of the namespace
 *
 * It outlives the namespace, so its address names one namespace for as long as
 * a binding of it is there.
 */
struct nmtx_netns {
	refcount_t ref;
	atomic_t bindings;
	u32 inum;
};

int nmtx_netns_init(void) __init;
void nmtx_netns_exit(void);
struct nmtx_netns *nmtx_netns_of(const struct net *net);
struct nmtx_netns *nmtx_netns_get(struct nmtx_netns *netns);
void nmtx_netns_put(struct nmtx_netns *netns);

#endif
