/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_DIRECT_H
#define NETMEM_TX_DIRECT_H

#include <linux/types.h>

struct genl_info;
struct net_device;
struct sk_buff;
struct work_struct;

bool nmtx_direct_passed_on(const struct genl_info *info);
int nmtx_direct_bind_tx_doit(struct sk_buff *skb, struct genl_info *info);
void nmtx_direct_nic_gone(const struct net_device *nic);
bool nmtx_direct_free_is_ours(struct work_struct *work);
void nmtx_direct_free_work(struct work_struct *work);
void nmtx_direct_exit(void);

#endif
