// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_virt: a virtual device that hands its packets to a lower device and
 * never looks at their payload. It is written as the author of such a driver
 * would write it against <linux/netmem_tx.h>.
 *
 *	ip link add virt0 link NIC type nmtx_virt
 *
 * What the lower device receives for the address of virt0 goes to virt0.
 * From 7.1 on its second RX queue can be leased from the lower device.
 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netmem_tx.h>
#include <net/rtnetlink.h>

#include "compat.h"

#define VIRT_FEATURES	(NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_RXCSUM | \
			 NETIF_F_HIGHDMA | NETIF_F_ALL_TSO)

struct virt {
	struct net_device *lower;
};

static struct rtnl_link_ops virt_link_ops;

static netdev_tx_t virt_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct virt *virt = netdev_priv(dev);
	unsigned int len = skb->len;

	skb->dev = virt->lower;
	if (dev_queue_xmit(skb) == NET_XMIT_SUCCESS)
		dev_sw_netstats_tx_add(dev, 1, len);
	else
		dev_core_stats_tx_dropped_inc(dev);
	return NETDEV_TX_OK;
}

static rx_handler_result_t virt_rx(struct sk_buff **pskb)
{
	struct net_device *dev;
	struct sk_buff *skb = *pskb;

	dev = rcu_dereference(skb->dev->rx_handler_data);
	if (!ether_addr_equal_64bits(eth_hdr(skb)->h_dest, dev->dev_addr))
		return RX_HANDLER_PASS;
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (!skb)
		return RX_HANDLER_CONSUMED;
	*pskb = skb;
	skb->dev = dev;
	skb->pkt_type = PACKET_HOST;
	dev_sw_netstats_rx_add(dev, skb->len + ETH_HLEN);
	return RX_HANDLER_ANOTHER;
}

/* The mode is said here or in setup: before the device is registered. */
static int virt_init(struct net_device *dev)
{
	netdev_lockdep_set_classes(dev);
	return netmem_tx_set_mode(dev, NETMEM_TX_NO_DMA);
}

static void virt_uninit(struct net_device *dev)
{
	virt_unlease_queues(dev);
}

static int virt_open(struct net_device *dev)
{
	netif_start_queue(dev);
	return 0;
}

static int virt_stop(struct net_device *dev)
{
	netif_stop_queue(dev);
	return 0;
}

static const struct net_device_ops virt_netdev_ops = {
	.ndo_init		= virt_init,
	.ndo_uninit		= virt_uninit,
	.ndo_open		= virt_open,
	.ndo_stop		= virt_stop,
	.ndo_start_xmit		= virt_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_features_check	= passthru_features_check,
};

static void virt_setup(struct net_device *dev)
{
	ether_setup(dev);
	dev->netdev_ops = &virt_netdev_ops;
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->priv_flags &= ~IFF_TX_SKB_SHARING;
	dev->lltx = true;
	dev->features = VIRT_FEATURES;
	dev->hw_features = VIRT_FEATURES;
	dev->vlan_features = VIRT_FEATURES;
	dev->needs_free_netdev = true;
	virt_setup_queues(dev);
	eth_hw_addr_random(dev);
}

static int virt_newlink(struct net_device *dev,
			struct rtnl_newlink_params *params,
			struct netlink_ext_ack *extack)
{
	struct virt *virt = netdev_priv(dev);
	struct net_device *lower;
	int err;

	if (!params->tb[IFLA_LINK]) {
		NL_SET_ERR_MSG(extack, "nmtx_virt needs a lower device");
		return -EINVAL;
	}
	lower = __dev_get_by_index(rtnl_newlink_link_net(params),
				   nla_get_u32(params->tb[IFLA_LINK]));
	if (!lower)
		return -ENODEV;
	virt->lower = lower;
	dev->mtu = lower->mtu;
	dev->needed_headroom = lower->needed_headroom;
	virt_init_queues(dev);

	err = register_netdevice(dev);
	if (err)
		return err;
	err = netdev_rx_handler_register(lower, virt_rx, dev);
	if (err)
		goto err_unregister;
	err = netdev_upper_dev_link(lower, dev, extack);
	if (err)
		goto err_rx;
	netif_carrier_on(dev);
	return 0;

err_rx:
	netdev_rx_handler_unregister(lower);
err_unregister:
	unregister_netdevice(dev);
	return err;
}

static void virt_dellink(struct net_device *dev, struct list_head *head)
{
	struct virt *virt = netdev_priv(dev);

	netdev_rx_handler_unregister(virt->lower);
	netdev_upper_dev_unlink(virt->lower, dev);
	unregister_netdevice_queue(dev, head);
}

static struct rtnl_link_ops virt_link_ops __read_mostly = {
	.kind			= "nmtx_virt",
	.priv_size		= sizeof(struct virt),
	.setup			= virt_setup,
	.newlink		= virt_newlink,
	.dellink		= virt_dellink,
	.get_num_rx_queues	= virt_num_rx_queues,
};

/* The lower device goes: so does the one on top of it. */
static int virt_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *lower = netdev_notifier_info_to_dev(ptr);
	struct net_device *dev;

	if (event != NETDEV_UNREGISTER ||
	    lower->reg_state != NETREG_UNREGISTERING ||
	    rtnl_dereference(lower->rx_handler) != virt_rx)
		return NOTIFY_DONE;
	dev = rtnl_dereference(lower->rx_handler_data);
	virt_dellink(dev, NULL);
	return NOTIFY_DONE;
}

static struct notifier_block virt_notifier = {
	.notifier_call = virt_event,
};

static int __init virt_module_init(void)
{
	int err;

	err = register_netdevice_notifier(&virt_notifier);
	if (err)
		return err;
	err = rtnl_link_register(&virt_link_ops);
	if (err)
		unregister_netdevice_notifier(&virt_notifier);
	return err;
}
module_init(virt_module_init);

static void __exit virt_module_exit(void)
{
	rtnl_link_unregister(&virt_link_ops);
	unregister_netdevice_notifier(&virt_notifier);
}
module_exit(virt_module_exit);

MODULE_DESCRIPTION("Virtual device that passes device memory on (lab)");
MODULE_LICENSE("GPL");
MODULE_ALIAS_RTNL_LINK("nmtx_virt");
