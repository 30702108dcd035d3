// SPDX-License-Identifier: GPL-2.0
/*
 * Other I/O addresses. What the IOMMU's driver does to map a packet's header
 * depends a little on the address that it gets, and that on all that was mapped
 * since boot. With one address for all packets, two boots would differ by it.
 */
#include <linux/dma-mapping.h>
#include <linux/gfp.h>
#include <linux/netdevice.h>
#include <net/net_namespace.h>

#include "bench.h"

#define PAGES	64

static struct net_device *nic;
static struct page *page;

/**
 * bench_iova_begin - what bench_iova_turn() needs
 *
 * Return: 0, -ENODEV without nicA, -ENOMEM.
 */
int bench_iova_begin(void)
{
	nic = dev_get_by_name(&init_net, "nicA");
	page = alloc_page(GFP_KERNEL);
	if (nic && nic->dev.parent && page)
		return 0;
	bench_iova_end();
	return page ? -ENODEV : -ENOMEM;
}

/**
 * bench_iova_turn - the next mapping gets another address
 * @round: differs from call to call
 *
 * Addresses that were given back are given out again, last first: take some,
 * and give them back in the order in which they came.
 */
void bench_iova_turn(unsigned int round)
{
	struct device *dev = nic->dev.parent;
	unsigned int n = round * 29 % PAGES, i;
	dma_addr_t addrs[PAGES];

	for (i = 0; i < n; i++) {
		addrs[i] = dma_map_page(dev, page, 0, PAGE_SIZE, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, addrs[i]))
			n = i;
	}
	for (i = 0; i < n; i++)
		dma_unmap_page(dev, addrs[i], PAGE_SIZE, DMA_TO_DEVICE);
}

/**
 * bench_iova_end - give back what bench_iova_begin() took
 */
void bench_iova_end(void)
{
	if (page)
		__free_page(page);
	dev_put(nic);
	page = NULL;
	nic = NULL;
}
