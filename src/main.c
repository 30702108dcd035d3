// SPDX-License-Identifier: GPL-2.0
/*
 * netmem-tx: Linux 7.2's device memory TX through netkit, for 6.16 to 7.1.
 *
 * Load: check the kernel, watch devices, hook, open control. Unload: the same
 * backwards. See docs/design.md.
 */
#include "netmem_tx.h"

#include <linux/utsname.h>

#include "binding.h"
#include "control.h"
#include "devices.h"
#include "direct.h"
#include "hooks.h"
#include "layout.h"
#include "lease.h"
#include "mtu_probe.h"
#include "netns.h"
#include "send.h"
#include "symbols.h"
#include "xmit_hook.h"

#ifdef NETMEM_TX_TEST
static char *test_break;
module_param(test_break, charp, 0444);
MODULE_PARM_DESC(test_break, "TEST BUILD: find this wrong: symbol:, clone:, proto:, struct:, member:NAME, bit:unreadable, version:kernel");

static bool test_no_owner_check;
module_param(test_no_owner_check, bool, 0644);
MODULE_PARM_DESC(test_no_owner_check, "TEST BUILD: do not compare a packet's NIC");

/**
 * nmtx_test_breaks - should a check find something wrong?
 * @kind: which check
 * @name: what it looks at
 *
 * Return: true when the parameter test_break is KIND:NAME.
 */
bool nmtx_test_breaks(const char *kind, const char *name)
{
	size_t len = strlen(kind);

	return test_break && !strncmp(test_break, kind, len) &&
	       test_break[len] == ':' && !strcmp(test_break + len + 1, name);
}

/**
 * nmtx_test_no_owner_check - should packets leave by any NIC?
 *
 * Return: the parameter test_no_owner_check.
 */
bool nmtx_test_no_owner_check(void)
{
	return READ_ONCE(test_no_owner_check);
}
#endif

/* The headers said which kernel this was built for; a last look at it. */
static int __init check_version(void)
{
	if (NMTX_KERNEL_IN_RANGE && !nmtx_test_breaks("version", "kernel"))
		return 0;
	pr_err("refused: Linux %s is outside 6.16 to 7.1\n",
	       init_utsname()->release);
	return -ENODEV;
}

/* Everything that can refuse without having touched the kernel. */
static int __init check_kernel(void)
{
	return check_version() ?:
	       nmtx_symbols_start() ?:
	       nmtx_layout_check() ?:
	       nmtx_symbols_resolve() ?:
	       nmtx_send_init();
}

static int __init netmem_tx_init(void)
{
	int err;

	err = check_kernel();
	if (err)
		return err;
	err = nmtx_netns_init();
	if (err)
		goto err_start;
	err = nmtx_devices_init();
	if (err)
		goto err_netns;
	err = nmtx_hooks_install();
	if (err)
		goto err_devices;
	err = nmtx_mtu_probe_init();
	if (err)
		goto err_hooks;
	err = nmtx_xmit_hook_init();
	if (err)
		goto err_mtu_probe;
	err = nmtx_control_init();
	if (err)
		goto err_xmit;
	nmtx_hooks_open();
	pr_info("version %s loaded, device memory TX through netkit\n",
		NETMEM_TX_VERSION);
	return 0;

err_xmit:
	nmtx_xmit_hook_exit();
err_mtu_probe:
	nmtx_mtu_probe_exit();
err_hooks:
	nmtx_hooks_remove();
	nmtx_hooks_drain();
err_devices:
	nmtx_devices_exit();
err_netns:
	nmtx_netns_exit();
err_start:
	return err;
}
module_init(netmem_tx_init);

static void __exit netmem_tx_exit(void)
{
	nmtx_control_exit();
	/* While we still hear of bindings that are freed: these use them. */
	nmtx_leases_exit();
	nmtx_devices_exit();
	nmtx_xmit_hook_exit();
	nmtx_mtu_probe_exit();
	nmtx_hooks_remove();
	nmtx_hooks_drain();
	nmtx_bindings_exit();
	nmtx_direct_exit();
	nmtx_netns_exit();
	pr_info("unloaded\n");
}
module_exit(netmem_tx_exit);

MODULE_DESCRIPTION("Device memory TX through netkit, as in Linux 7.2");
MODULE_AUTHOR("netmem-tx maintainers");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS("DMA_BUF");
MODULE_VERSION(NETMEM_TX_VERSION);
