/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_XMIT_HOOK_H
#define NETMEM_TX_XMIT_HOOK_H

#include <linux/netlink.h>
#include <linux/skbuff.h>

int nmtx_xmit_hook_init(void) __init;
void nmtx_xmit_hook_exit(void);
int nmtx_xmit_hook_get(struct netlink_ext_ack *extack);
void nmtx_xmit_hook_put(void);
enum netmem_tx_nl_backend nmtx_xmit_hook_backend(void);
enum netmem_tx_nl_backend nmtx_xmit_hook_wanted(void);
bool nmtx_xmit_hook_always(void);

/* xmit_stub.S, and what it calls */
void nmtx_xmit_stub(void);
int nmtx_xmit_redirect(struct sk_buff *skb, unsigned long arg2,
		       unsigned long ip);

#endif
