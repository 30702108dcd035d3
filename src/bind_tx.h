/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_BIND_TX_H
#define NETMEM_TX_BIND_TX_H

#include <linux/netmem_tx.h>
#include <net/genetlink.h>

enum netmem_tx_mode nmtx_bind_tx_mode(const struct genl_info *info);
int nmtx_bind_tx_doit(struct sk_buff *skb, struct genl_info *info);

#endif
