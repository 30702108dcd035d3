// SPDX-License-Identifier: GPL-2.0
/* Devices that go: their leases end, their bindings lose them. */
#include "netmem_tx.h"

#include <linux/netdevice.h>

#include "binding.h"
#include "devices.h"
#include "direct.h"
#include "lease.h"

/*
 * A move to another namespace tells UNREGISTER too, and so does taking a
 * notifier off. Only a device in state UNREGISTERING is really going.
 */
static int device_event(struct notifier_block *nb, unsigned long event,
			void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);

	if (event != NETDEV_UNREGISTER ||
	    READ_ONCE(dev->reg_state) != NETREG_UNREGISTERING)
		return NOTIFY_DONE;
	nmtx_lease_device_gone(dev);
	nmtx_bindings_revoke(dev, NULL);
	nmtx_bindings_nic_gone(dev);
	nmtx_direct_nic_gone(dev);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

/**
 * nmtx_devices_init - watch devices
 *
 * Context: process context, module init.
 * Return: 0 or a negative errno.
 */
int __init nmtx_devices_init(void)
{
	return register_netdevice_notifier(&device_notifier);
}

/**
 * nmtx_devices_exit - stop watching devices
 *
 * A NIC that goes after this is the stock kernel's business.
 *
 * Context: process context, module exit, while the hooks are in place: without
 * them a binding may be freed that is still in a table.
 */
void nmtx_devices_exit(void)
{
	unregister_netdevice_notifier(&device_notifier);
}
