// SPDX-License-Identifier: GPL-2.0
/*
 * absent: a device of the initial network namespace is not present while this
 * module is loaded, as during a reset or suspend of its driver.
 */
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

static char *dev;
module_param(dev, charp, 0444);
MODULE_PARM_DESC(dev, "name of the device");

static struct net_device *netdev;

static int __init absent_init(void)
{
	netdev = dev ? dev_get_by_name(&init_net, dev) : NULL;
	if (!netdev)
		return -ENODEV;
	rtnl_lock();
	netif_device_detach(netdev);
	rtnl_unlock();
	return 0;
}
module_init(absent_init);

static void __exit absent_exit(void)
{
	rtnl_lock();
	netif_device_attach(netdev);
	rtnl_unlock();
	dev_put(netdev);
}
module_exit(absent_exit);

MODULE_DESCRIPTION("Make a network device absent (lab)");
MODULE_LICENSE("GPL");
