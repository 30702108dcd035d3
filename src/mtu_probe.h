/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_MTU_PROBE_H
#define NETMEM_TX_MTU_PROBE_H

int nmtx_mtu_probe_init(void) __init;
void nmtx_mtu_probe_exit(void);

#endif
