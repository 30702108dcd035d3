// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_lab: ethtool. The counters let a test prove how bytes left.
 */
#include <linux/ethtool.h>

#include "lab.h"

static const char lab_counter_names[LAB_CNT_MAX][ETH_GSTRING_LEN] = {
	[LAB_CNT_NETMEM_FRAGS]	= "tx_netmem_frags",
	[LAB_CNT_NETMEM_BYTES]	= "tx_netmem_bytes",
	[LAB_CNT_TSO]		= "tx_tso_packets",
	[LAB_CNT_TSO_SEGS]	= "tx_tso_segments",
	[LAB_CNT_CSUM]		= "tx_csum_packets",
	[LAB_CNT_BAD_DMA]	= "tx_bad_dma",
	[LAB_CNT_MAP_ERRORS]	= "tx_map_errors",
};

static void lab_get_drvinfo(struct net_device *netdev,
			    struct ethtool_drvinfo *info)
{
	struct lab *lab = netdev_priv(netdev);

	strscpy(info->driver, LAB_NAME, sizeof(info->driver));
	strscpy(info->bus_info, pci_name(lab->pdev), sizeof(info->bus_info));
}

static int lab_get_sset_count(struct net_device *netdev, int set)
{
	return set == ETH_SS_STATS ? LAB_CNT_MAX : -EOPNOTSUPP;
}

static void lab_get_strings(struct net_device *netdev, u32 set, u8 *data)
{
	if (set == ETH_SS_STATS)
		memcpy(data, lab_counter_names, sizeof(lab_counter_names));
}

static void lab_get_ethtool_stats(struct net_device *netdev,
				  struct ethtool_stats *stats, u64 *data)
{
	struct lab *lab = netdev_priv(netdev);

	netif_tx_lock_bh(netdev);
	memcpy(data, lab->counters, sizeof(lab->counters));
	netif_tx_unlock_bh(netdev);
}

const struct ethtool_ops lab_ethtool_ops = {
	.get_drvinfo		= lab_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= lab_get_sset_count,
	.get_strings		= lab_get_strings,
	.get_ethtool_stats	= lab_get_ethtool_stats,
};
