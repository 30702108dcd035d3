/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_HOOKS_H
#define NETMEM_TX_HOOKS_H

struct ftrace_ops;

int nmtx_hooks_install(void) __init;
void nmtx_hooks_open(void) __init;
int nmtx_hooks_register(struct ftrace_ops *ops);
void nmtx_hooks_remove(void);
void nmtx_hooks_enter(void);
void nmtx_hooks_leave(void);
void nmtx_hooks_drain(void);
void __noreturn nmtx_hooks_stuck(int err);

#endif
