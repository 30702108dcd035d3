/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netmem TX modes of Linux 7.2 for drivers that also build on 6.16 to 7.1.
 *
 * A NIC driver writes what it writes on 7.2, and it means the same:
 *
 *	#include <linux/netmem_tx.h>
 *	...
 *	netdev->netmem_tx = NETMEM_TX_DMA;
 *
 * A virtual driver that passes packets on and does no DMA calls, in its
 * ndo_init or setup function, before the device is registered:
 *
 *	err = netmem_tx_set_mode(dev, NETMEM_TX_NO_DMA);
 *
 * No driver needs the netmem_tx module to load. Below 7.2 the field in
 * struct net_device is one bit: it holds NONE and DMA, and must never be
 * given NO_DMA. NO_DMA is kept as a sysfs group of the device instead. The
 * netmem_tx module finds it there, whichever of the two was loaded first,
 * and forgets nothing when either of them goes away and comes back. The
 * group shows as /sys/class/net/DEV/netmem_tx/mode.
 *
 * From 7.2 on everything here is the kernel's own field.
 */
#ifndef _LINUX_NETMEM_TX_H
#define _LINUX_NETMEM_TX_H

#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/version.h>
#include <net/rtnetlink.h>

/*
 * NETMEM_TX_NATIVE: struct net_device has the two-bit field. An enum cannot
 * be probed by the preprocessor; a kernel with a backport of it can be told
 * by -DNETMEM_TX_NATIVE=1. Upstream: Linux 7.2, enum netmem_tx_mode.
 */
#ifndef NETMEM_TX_NATIVE
#define NETMEM_TX_NATIVE (LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0))
#endif

#if NETMEM_TX_NATIVE

/**
 * netmem_tx_mode - netmem TX mode of a device
 * @dev: the device
 *
 * Context: any; @dev must be held or looked up under RCU.
 * Return: the mode, as Linux 7.2 keeps it in the device.
 */
static inline enum netmem_tx_mode netmem_tx_mode(const struct net_device *dev)
{
	return dev->netmem_tx;
}

/**
 * netmem_tx_set_mode - set the netmem TX mode of a device
 * @dev: the device
 * @mode: its mode
 *
 * Context: process context, from probe or ndo_init, before registration.
 * Return: 0.
 */
static inline int netmem_tx_set_mode(struct net_device *dev,
				     enum netmem_tx_mode mode)
{
	dev->netmem_tx = mode;
	return 0;
}

#else /* !NETMEM_TX_NATIVE */

/**
 * enum netmem_tx_mode - what a device does with packets of unreadable memory
 * @NETMEM_TX_NONE: it cannot send them
 * @NETMEM_TX_DMA: it is hardware and reads them by DMA
 * @NETMEM_TX_NO_DMA: it passes them on and never touches them
 *
 * Numbers and meaning are those of Linux 7.2.
 */
enum netmem_tx_mode {
	NETMEM_TX_NONE,
	NETMEM_TX_DMA,
	NETMEM_TX_NO_DMA,
};

/* Name of the sysfs group that says NO_DMA; the module looks for it. */
#define NETMEM_TX_GROUP_NAME	"netmem_tx"

static inline ssize_t netmem_tx_mode_show(struct device *dev,
					  struct device_attribute *attr,
					  char *buf)
{
	return sysfs_emit(buf, "no-dma\n");
}

static inline const struct attribute_group *netmem_tx_group(void)
{
	static struct device_attribute mode = {
		.attr = { .name = "mode", .mode = 0444 },
		.show = netmem_tx_mode_show,
	};
	static struct attribute *attrs[] = { &mode.attr, NULL };
	static const struct attribute_group group = {
		.name = NETMEM_TX_GROUP_NAME,
		.attrs = attrs,
	};

	return &group;
}

/* Has the driver said NO_DMA? A driver's own group stands in slot 0 only. */
static inline bool netmem_tx_registered_no_dma(const struct net_device *dev)
{
	const struct attribute_group *group = dev->sysfs_groups[0];

	return group && group->name &&
	       !strcmp(group->name, NETMEM_TX_GROUP_NAME);
}

/* netkit cannot say so itself below 7.2; it is known by its link kind. */
static inline bool netmem_tx_is_netkit(const struct net_device *dev)
{
	const struct rtnl_link_ops *ops = READ_ONCE(dev->rtnl_link_ops);

	return ops && !strcmp(ops->kind, "netkit");
}

/**
 * netmem_tx_mode - netmem TX mode of a device
 * @dev: the device
 *
 * netkit is NO_DMA, as since Linux 7.2. Then comes what the driver said with
 * netmem_tx_set_mode(), then the one bit of struct net_device. NO_DMA has an
 * effect only while the netmem_tx module is loaded.
 *
 * Context: any; @dev must be held or looked up under RCU.
 * Return: the mode.
 */
static inline enum netmem_tx_mode netmem_tx_mode(const struct net_device *dev)
{
	if (netmem_tx_is_netkit(dev) || netmem_tx_registered_no_dma(dev))
		return NETMEM_TX_NO_DMA;
	return dev->netmem_tx ? NETMEM_TX_DMA : NETMEM_TX_NONE;
}

/**
 * netmem_tx_set_mode - set the netmem TX mode of a device
 * @dev: the device, not yet registered when @mode is NO_DMA
 * @mode: its mode
 *
 * NONE and DMA set the bit that the kernel has. NO_DMA takes the device's
 * own sysfs group, so it must be said before registration and by a driver
 * that has no such group itself.
 *
 * Context: process context, from probe, setup or ndo_init.
 * Return: 0; -EINVAL for an unknown mode; -EBUSY when NO_DMA comes or goes
 * after registration, or the driver already uses its sysfs group.
 */
static inline int netmem_tx_set_mode(struct net_device *dev,
				     enum netmem_tx_mode mode)
{
	bool was_no_dma = netmem_tx_registered_no_dma(dev);

	if ((unsigned int)mode > NETMEM_TX_NO_DMA)
		return -EINVAL;

	if (was_no_dma != (mode == NETMEM_TX_NO_DMA)) {
		if (dev->reg_state != NETREG_UNINITIALIZED)
			return -EBUSY;
		if (!was_no_dma && dev->sysfs_groups[0])
			return -EBUSY;
		dev->sysfs_groups[0] = was_no_dma ? NULL : netmem_tx_group();
	}
	dev->netmem_tx = mode == NETMEM_TX_DMA;
	return 0;
}

#endif /* !NETMEM_TX_NATIVE */

#endif /* _LINUX_NETMEM_TX_H */
