/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_CONTROL_H
#define NETMEM_TX_CONTROL_H

#include <net/genetlink.h>

#include "binding.h"

int nmtx_control_init(void) __init;
void nmtx_control_exit(void);
void nmtx_control_binding_event(const struct nmtx_binding *entry, bool add);
void nmtx_control_lease_event(const struct net_device *vdev,
			      const struct net_device *nic, bool add);

/* Between the control_*.c files */
extern struct genl_family nmtx_family;

bool nmtx_control_sees_all(struct sk_buff *request);
bool nmtx_control_heard(struct net *net);
void nmtx_control_notify(struct sk_buff *msg, struct net *net);
int nmtx_control_lease_add(struct sk_buff *skb, struct genl_info *info);
int nmtx_control_lease_del(struct sk_buff *skb, struct genl_info *info);
int nmtx_control_lease_dump(struct sk_buff *skb, struct netlink_callback *cb);
int nmtx_control_dev_get(struct sk_buff *skb, struct genl_info *info);
int nmtx_control_dev_dump(struct sk_buff *skb, struct netlink_callback *cb);
int nmtx_control_binding_dump(struct sk_buff *skb, struct netlink_callback *cb);

#endif
