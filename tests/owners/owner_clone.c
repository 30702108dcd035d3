// SPDX-License-Identifier: GPL-2.0
/*
 * Makes the kernel look as if its compiler had cloned a function that
 * netmem_tx hooks: netmem_tx has to refuse then.
 */
#include <linux/module.h>

noinline void owner_clone(void)
	__asm__("skb_segment.isra.0");
noinline void __used owner_clone(void)
{
}

static int __init owner_init(void)
{
	return 0;
}
module_init(owner_init);

static void __exit owner_exit(void)
{
}
module_exit(owner_exit);

MODULE_DESCRIPTION("Test: a symbol that looks like a clone of skb_segment");
MODULE_LICENSE("GPL");
