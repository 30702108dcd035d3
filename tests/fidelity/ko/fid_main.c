// SPDX-License-Identifier: GPL-2.0
/* nmtx_fid: /dev/nmtx_fid, and what is done to devices. */
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netmem_tx.h>
#include <linux/rtnetlink.h>
#include <linux/uaccess.h>
#include <net/netdev_lock.h>
#include <net/net_namespace.h>

#include "fid.h"

/* For the time of one bind-tx only; the NIC must be idle. */
static u64 *saved_mask;

static int set_dma_mask(struct net_device *dev, bool on)
{
	struct device *parent = dev->dev.parent;

	if (!parent || on == !!parent->dma_mask)
		return -EINVAL;
	if (!on)
		saved_mask = parent->dma_mask;
	parent->dma_mask = on ? saved_mask : NULL;
	return 0;
}

static int dev_act(struct net_device *dev, u32 act)
{
	struct netdev_queue *txq = netdev_get_tx_queue(dev, 0);

	switch (act) {
	case FID_MODE_NONE:
		return netmem_tx_set_mode(dev, NETMEM_TX_NONE);
	case FID_MODE_DMA:
		return netmem_tx_set_mode(dev, NETMEM_TX_DMA);
	case FID_ABSENT:
		netif_device_detach(dev);
		return 0;
	case FID_PRESENT:
		netif_device_attach(dev);
		return 0;
	case FID_QUEUE_STOP:
		netif_tx_stop_queue(txq);
		return 0;
	case FID_QUEUE_WAKE:
		fid_requeue_end();
		netif_tx_wake_queue(txq);
		return 0;
	case FID_REQUEUE:
		return fid_requeue_next(dev);
	case FID_NO_DMA_MASK:
	case FID_DMA_MASK:
		return set_dma_mask(dev, act == FID_DMA_MASK);
	}
	return -EINVAL;
}

/*
 * Whoever has found the device present, and waits for its lock, finds it
 * absent when it has the lock. Without RTNL: that one may need it.
 */
static int absent_behind_lock(u32 ifindex)
{
	struct net_device *dev = dev_get_by_index(&init_net, ifindex);
	int ms;

	if (!dev)
		return -ENODEV;
	netdev_lock(dev);
	/* The lowest bit of a mutex's owner: somebody waits. */
	for (ms = 0; ms < 10000; ms += 20) {
		if (atomic_long_read(&dev->lock.owner) & 1)
			break;
		msleep(20);
	}
	netif_device_detach(dev);
	netdev_unlock(dev);
	dev_put(dev);
	return ms < 10000 ? 0 : -ETIME;
}

static int act_on_dev(const struct fid_dev *req)
{
	struct net_device *dev;
	int err = -ENODEV;

	if (req->act == FID_ABSENT_BEHIND_LOCK)
		return absent_behind_lock(req->ifindex);
	rtnl_lock();
	dev = __dev_get_by_index(&init_net, req->ifindex);
	if (dev)
		err = dev_act(dev, req->act);
	rtnl_unlock();
	return err;
}

static long fid_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	union {
		struct fid_skb skb;
		struct fid_dmabuf dmabuf;
		struct fid_dev dev;
	} req;
	void __user *user = (void __user *)arg;
	size_t size = _IOC_SIZE(cmd);
	int err;

	if (size > sizeof(req) || copy_from_user(&req, user, size))
		return -EFAULT;
	switch (cmd) {
	case FID_SKB:
		err = fid_skb_send(&req.skb);
		break;
	case FID_DMABUF:
		err = fid_dmabuf_make(&req.dmabuf);
		break;
	case FID_DEV:
		return act_on_dev(&req.dev);
	default:
		return -ENOTTY;
	}
	if (!err && copy_to_user(user, &req, size))
		err = -EFAULT;
	return err;
}

static const struct file_operations fid_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = fid_ioctl,
};

static struct miscdevice fid_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "nmtx_fid",
	.fops = &fid_fops,
	.mode = 0600,
};

static int __init fid_init(void)
{
	return misc_register(&fid_misc);
}
module_init(fid_init);

static void __exit fid_exit(void)
{
	misc_deregister(&fid_misc);
	fid_requeue_exit();
	fid_skb_exit();
}
module_exit(fid_exit);

MODULE_DESCRIPTION("Odd packets and dma-bufs (lab)");
MODULE_IMPORT_NS("DMA_BUF");
MODULE_LICENSE("GPL");
