/* SPDX-License-Identifier: GPL-2.0 */
/* What every file of the module includes first. */
#ifndef NETMEM_TX_INTERNAL_H
#define NETMEM_TX_INTERNAL_H

#ifndef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#endif

#include "compat/config.h"

#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netmem_tx.h>
#include <linux/types.h>
#include <uapi/linux/netmem_tx.h>

/*
 * Test builds (make ... NETMEM_TX_TEST=y) can be told to find one symbol or
 * layout wrong, and to let packets out of a NIC that they were not bound for:
 * the tests prove themselves with it. Nothing of it is in a normal build.
 */
#ifdef NETMEM_TX_TEST
bool nmtx_test_breaks(const char *kind, const char *name);
bool nmtx_test_no_owner_check(void);
#else
static inline bool nmtx_test_breaks(const char *kind, const char *name)
{
	return false;
}

static inline bool nmtx_test_no_owner_check(void)
{
	return false;
}
#endif

#endif
