/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_SEND_H
#define NETMEM_TX_SEND_H

#include <linux/types.h>

struct net_devmem_dmabuf_binding;
struct sock;

int nmtx_send_init(void) __init;
bool nmtx_send_is_ours(unsigned int id);
struct net_devmem_dmabuf_binding *nmtx_get_binding(struct sock *sk,
						   unsigned int id);

#endif
