/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_LEASE_H
#define NETMEM_TX_LEASE_H

#include <linux/netdevice.h>

#include "binding.h"

int nmtx_lease_add(struct net_device *vdev, struct net_device *nic,
		   struct netlink_ext_ack *extack);
int nmtx_lease_del(struct net_device *vdev, const struct net_device *nic,
		   struct netlink_ext_ack *extack);
void nmtx_lease_device_gone(const struct net_device *dev);
void nmtx_leases_exit(void);

bool nmtx_lease_exists(struct net *net, int ifindex);
bool nmtx_lease_usable(const struct net_device *nic);
struct net_device *nmtx_lease_get_nic(struct net_device *vdev,
				      netdevice_tracker *tracker);
int nmtx_lease_publish(struct nmtx_binding *entry);
unsigned int nmtx_leases_count(void);
int nmtx_leases_walk(unsigned long *pos,
		     int (*fn)(const struct net_device *vdev,
			       const struct net_device *nic, void *data),
		     void *data);

#endif
