// SPDX-License-Identifier: GPL-2.0
/*
 * The lines by which drivers of Linux 7.2 say their netmem TX mode, each in
 * the setting it has there: they must compile on every kernel with nothing
 * but <linux/netmem_tx.h> added. Nothing here ever runs; the modes are also
 * checked by number.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netmem_tx.h>

static_assert(NETMEM_TX_NONE == 0);
static_assert(NETMEM_TX_DMA == 1);
static_assert(NETMEM_TX_NO_DMA == 2);

/* bnxt, fbnic and mlx5: the assignment alone; mlx5 calls the device netdev. */
static void __maybe_unused vendor_bnxt(struct net_device *dev)
{
	dev->netmem_tx = NETMEM_TX_DMA;
}

static void __maybe_unused vendor_fbnic_mlx5(struct net_device *netdev)
{
	netdev->netmem_tx = NETMEM_TX_DMA;
}

/* gve: only in the queue formats that can. */
static void __maybe_unused vendor_gve(struct net_device *dev, bool gqi,
				      bool qpl)
{
	if (!gqi && !qpl)
		dev->netmem_tx = NETMEM_TX_DMA;
}

/* A driver may also ask, or use the helper. */
static int __maybe_unused vendor_helpers(struct net_device *dev)
{
	if (netmem_tx_mode(dev) == NETMEM_TX_DMA)
		return netmem_tx_set_mode(dev, NETMEM_TX_NONE);
	return netmem_tx_set_mode(dev, NETMEM_TX_DMA);
}

MODULE_DESCRIPTION("Compile check of netmem TX mode lines");
MODULE_LICENSE("GPL");
