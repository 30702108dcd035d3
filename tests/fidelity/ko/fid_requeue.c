// SPDX-License-Identifier: GPL-2.0
/*
 * A NIC whose queue stops behind the first packet of a list: the others, which
 * the validator has let pass, go back to the qdisc and are sent later.
 */
#include <linux/interrupt.h>
#include <linux/kprobes.h>
#include <linux/netdevice.h>
#include <linux/pci.h>

#include "fid.h"

static struct net_device *stop_dev;	/* until its next list */
static int held_irq;			/* until FID_QUEUE_WAKE; 0: none */

/* Called with (skb, dev, txq, ret) after the last look at the queue's state. */
static int before_list(struct kprobe *kp, struct pt_regs *regs)
{
	struct sk_buff *skb = (struct sk_buff *)regs_get_kernel_argument(regs, 0);
	struct net_device *dev = (struct net_device *)regs_get_kernel_argument(regs, 1);

	if (skb->next && cmpxchg(&stop_dev, dev, NULL) == dev)
		netif_tx_stop_queue(netdev_get_tx_queue(dev, 0));
	return 0;
}

static struct kprobe list_probe = {
	.symbol_name = "dev_hard_start_xmit",
	.pre_handler = before_list,
};

/**
 * fid_requeue_next - stop a queue in the middle of its next list of packets
 * @dev: a PCI device with one queue and one interrupt; FID_QUEUE_WAKE wakes it
 *
 * The interrupt is held back too: a packet that is sent would wake the queue.
 *
 * Context: RTNL.
 * Return: 0, -EBUSY, -EINVAL, or what register_kprobe() says.
 */
int fid_requeue_next(struct net_device *dev)
{
	int err = 0;

	if (held_irq)
		return -EBUSY;
	if (!dev->dev.parent || !dev_is_pci(dev->dev.parent))
		return -EINVAL;
	if (!list_probe.addr)
		err = register_kprobe(&list_probe);
	if (err)
		return err;
	held_irq = pci_irq_vector(to_pci_dev(dev->dev.parent), 0);
	disable_irq(held_irq);
	WRITE_ONCE(stop_dev, dev);
	return 0;
}

/**
 * fid_requeue_end - let the interrupt come again
 *
 * Context: RTNL.
 */
void fid_requeue_end(void)
{
	WRITE_ONCE(stop_dev, NULL);
	if (held_irq)
		enable_irq(held_irq);
	held_irq = 0;
}

/**
 * fid_requeue_exit - take the probe off
 */
void fid_requeue_exit(void)
{
	if (list_probe.addr)
		unregister_kprobe(&list_probe);
}
