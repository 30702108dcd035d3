// SPDX-License-Identifier: GPL-2.0
/*
 * What is built, by hand, for a kernel that has its own netmem TX modes, or
 * no devmem TX at all: a module that says so and does not load.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/utsname.h>

static int __init netmem_tx_init(void)
{
	if (IS_ENABLED(HAVE_NETMEM_TX_MODES))
		pr_err("not needed: Linux %s sends device memory through netkit itself\n",
		       init_utsname()->release);
	else
		pr_err("not supported: Linux %s has no devmem TX; 6.16 to 7.1 have it\n",
		       init_utsname()->release);
	return -ENODEV;
}
module_init(netmem_tx_init);

MODULE_DESCRIPTION("Device memory TX through netkit (not for this kernel)");
MODULE_LICENSE("GPL");
MODULE_VERSION(NETMEM_TX_VERSION);
