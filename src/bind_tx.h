/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_BIND_TX_H
#define NETMEM_TX_BIND_TX_H

#include <net/genetlink.h>

bool nmtx_bind_tx_is_ours(struct genl_info *info);
int nmtx_bind_tx_doit(struct sk_buff *skb, struct genl_info *info);

#endif
