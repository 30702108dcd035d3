// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_lab: probe, open, stop, interrupts. See lab.h.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/netmem_tx.h>
#include <linux/tcp.h>

#include "compat.h"
#include "lab.h"

static int mode = NETMEM_TX_DMA;
module_param(mode, int, 0444);
MODULE_PARM_DESC(mode, "netmem TX mode of the devices: 0 NONE, 1 DMA (default)");

#define LAB_CSUM_FEATURES	(NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM)
#define LAB_TSO_FEATURES	(NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_TSO_ECN)
#define LAB_TX_FEATURES		(NETIF_F_SG | LAB_CSUM_FEATURES | \
				 LAB_TSO_FEATURES)

static void lab_update_link(struct lab *lab)
{
	if (lab_read(lab, LAB_STATUS) & LAB_STATUS_LU)
		netif_carrier_on(lab->netdev);
	else
		netif_carrier_off(lab->netdev);
}

static irqreturn_t lab_irq(int irq, void *data)
{
	struct lab *lab = data;
	u32 cause = lab_read(lab, LAB_ICR);

	if (!cause)
		return IRQ_NONE;
	if (cause & LAB_INT_LSC)
		lab_update_link(lab);
	if (napi_schedule_prep(&lab->napi)) {
		lab_write(lab, LAB_IMC, LAB_INT_ALL);
		__napi_schedule(&lab->napi);
	}
	return IRQ_HANDLED;
}

static int lab_poll(struct napi_struct *napi, int budget)
{
	struct lab *lab = container_of(napi, struct lab, napi);
	int done;

	lab_tx_clean(lab);
	done = lab_rx_poll(lab, budget);
	if (done < budget && napi_complete_done(napi, done))
		lab_write(lab, LAB_IMS, LAB_INT_ALL);
	return done;
}

static void lab_reset(struct lab *lab)
{
	lab_write(lab, LAB_IMC, ~0);
	lab_write(lab, LAB_RCTL, 0);
	lab_write(lab, LAB_TCTL, 0);
	lab_write(lab, LAB_CTRL, lab_read(lab, LAB_CTRL) | LAB_CTRL_RST);
	usleep_range(1000, 2000);
	lab_write(lab, LAB_IMC, ~0);
	lab_read(lab, LAB_ICR);
}

/* The device has queue_mgmt_ops: called under its instance lock. */
static int lab_open(struct net_device *netdev)
{
	struct lab *lab = netdev_priv(netdev);
	int err;

	lab_reset(lab);
	err = lab_tx_alloc(lab);
	if (err)
		return err;
	err = lab_rx_alloc(lab);
	if (err)
		goto err_tx;
	err = request_irq(pci_irq_vector(lab->pdev, 0), lab_irq, IRQF_SHARED,
			  netdev->name, lab);
	if (err)
		goto err_rx;

	lab_write(lab, LAB_CTRL, LAB_CTRL_SLU | LAB_CTRL_FD);
	lab_write(lab, LAB_ITR, 0);
	lab_tx_start(lab);
	lab_rx_start(lab);
	napi_enable_locked(&lab->napi);
	lab_write(lab, LAB_IMS, LAB_INT_ALL);
	lab_update_link(lab);
	netif_start_queue(netdev);
	return 0;

err_rx:
	lab_rx_free(lab);
err_tx:
	lab_tx_free(lab);
	return err;
}

static int lab_stop(struct net_device *netdev)
{
	struct lab *lab = netdev_priv(netdev);

	netif_tx_disable(netdev);
	netif_carrier_off(netdev);
	napi_disable_locked(&lab->napi);
	lab_reset(lab);
	free_irq(pci_irq_vector(lab->pdev, 0), lab);
	lab_rx_free(lab);
	lab_tx_free(lab);
	return 0;
}

/* A header that does not fit the header room is segmented by the stack. */
static netdev_features_t lab_features_check(struct sk_buff *skb,
					    struct net_device *netdev,
					    netdev_features_t features)
{
	if (skb_is_gso(skb) && skb_tcp_all_headers(skb) > LAB_HDR_ROOM)
		features &= ~NETIF_F_GSO_MASK;
	return features;
}

static const struct net_device_ops lab_netdev_ops = {
	.ndo_open		= lab_open,
	.ndo_stop		= lab_stop,
	.ndo_start_xmit		= lab_xmit,
	.ndo_get_stats64	= dev_get_tstats64,
	.ndo_features_check	= lab_features_check,
	.ndo_set_mac_address	= eth_mac_addr,
	.ndo_validate_addr	= eth_validate_addr,
};

/*
 * Queue management: enough for RX queue 1 to be leased. No packet ever
 * arrives there, so it has no memory. Queue 0 cannot be restarted alone.
 */
static int lab_queue_mem_alloc(struct net_device *netdev, LAB_QCFG void *mem,
			       int idx)
{
	return idx ? 0 : -EOPNOTSUPP;
}

static void lab_queue_mem_free(struct net_device *netdev, void *mem)
{
}

static int lab_queue_start(struct net_device *netdev, LAB_QCFG void *mem,
			   int idx)
{
	return idx ? 0 : -EOPNOTSUPP;
}

static int lab_queue_stop(struct net_device *netdev, void *mem, int idx)
{
	return idx ? 0 : -EOPNOTSUPP;
}

const struct netdev_queue_mgmt_ops lab_queue_mgmt_ops = {
	.ndo_queue_mem_size	= sizeof(u32),
	.ndo_queue_mem_alloc	= lab_queue_mem_alloc,
	.ndo_queue_mem_free	= lab_queue_mem_free,
	.ndo_queue_start	= lab_queue_start,
	.ndo_queue_stop		= lab_queue_stop,
};

static void lab_read_mac(struct lab *lab)
{
	u32 low = lab_read(lab, LAB_RAL0);
	u32 high = lab_read(lab, LAB_RAH0);
	u8 addr[ETH_ALEN] = {
		low, low >> 8, low >> 16, low >> 24, high, high >> 8,
	};

	if (is_valid_ether_addr(addr))
		eth_hw_addr_set(lab->netdev, addr);
	else
		eth_hw_addr_random(lab->netdev);
}

static void lab_setup_netdev(struct lab *lab)
{
	struct net_device *netdev = lab->netdev;

	SET_NETDEV_DEV(netdev, &lab->pdev->dev);
	netdev->netdev_ops = &lab_netdev_ops;
	netdev->ethtool_ops = &lab_ethtool_ops;
	netdev->queue_mgmt_ops = &lab_queue_mgmt_ops;
	netdev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
	netdev->hw_features = LAB_TX_FEATURES | NETIF_F_RXCSUM;
	netdev->features = netdev->hw_features | NETIF_F_HIGHDMA;
	netdev->vlan_features = LAB_TX_FEATURES | NETIF_F_HIGHDMA;
	netdev->max_mtu = ETH_DATA_LEN;
	netdev->netmem_tx = NETMEM_TX_NONE;
	if (mode == NETMEM_TX_DMA)
		netdev->netmem_tx = NETMEM_TX_DMA;
}

static int lab_init_pci(struct lab *lab)
{
	struct pci_dev *pdev = lab->pdev;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		return err;
	lab->regs = pcim_iomap_region(pdev, 0, LAB_NAME);
	if (IS_ERR(lab->regs))
		return PTR_ERR(lab->regs);
	pci_set_master(pdev);
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);
	return err < 0 ? err : 0;
}

static int lab_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct net_device *netdev;
	struct lab *lab;
	int err;

	netdev = devm_alloc_etherdev_mqs(&pdev->dev, sizeof(*lab), 1,
					 LAB_RX_QUEUES);
	if (!netdev)
		return -ENOMEM;
	lab = netdev_priv(netdev);
	lab->netdev = netdev;
	lab->pdev = pdev;
	pci_set_drvdata(pdev, lab);

	err = lab_init_pci(lab);
	if (err)
		return err;
	lab_reset(lab);
	lab_read_mac(lab);
	lab_setup_netdev(lab);
	netif_napi_add(netdev, &lab->napi, lab_poll);

	netif_carrier_off(netdev);
	err = register_netdev(netdev);
	if (err)
		goto err_napi;
	return 0;

err_napi:
	netif_napi_del(&lab->napi);
	pci_free_irq_vectors(pdev);
	return err;
}

static void lab_remove(struct pci_dev *pdev)
{
	struct lab *lab = pci_get_drvdata(pdev);

	unregister_netdev(lab->netdev);
	netif_napi_del(&lab->napi);
	pci_free_irq_vectors(pdev);
}

static const struct pci_device_id lab_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x10d3) },
	{ }
};
MODULE_DEVICE_TABLE(pci, lab_ids);

static struct pci_driver lab_driver = {
	.name		= LAB_NAME,
	.id_table	= lab_ids,
	.probe		= lab_probe,
	.remove		= lab_remove,
};
module_pci_driver(lab_driver);

MODULE_DESCRIPTION("Lab NIC driver that sends device memory (82574L in QEMU)");
MODULE_LICENSE("GPL");
