/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_DEVICES_H
#define NETMEM_TX_DEVICES_H

int nmtx_devices_init(void) __init;
void nmtx_devices_exit(void);

#endif
