// SPDX-License-Identifier: GPL-2.0
/*
 * Not part of the module. The only bit set in this object is
 * skb->unreadable; compat/skb_probe.sh reads from it where the bit is.
 */
#include <linux/skbuff.h>

static const struct sk_buff netmem_tx_skb_probe __used __section(".netmem_tx_probe") = {
	.unreadable = 1,
};
