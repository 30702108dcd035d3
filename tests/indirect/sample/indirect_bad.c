// SPDX-License-Identifier: GPL-2.0
/*
 * What must never be in the module: an address out of kallsyms, called through
 * a pointer. selftest.sh shows that check.sh finds it.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
static unsigned long (*lookup)(const char *name);

static noinline bool indirect_bad_find(const char *name)
{
	return lookup(name);
}

static int __init indirect_bad_init(void)
{
	int err = register_kprobe(&probe);

	if (err)
		return err;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	return indirect_bad_find("validate_xmit_skb") ? 0 : -ENOENT;
}
module_init(indirect_bad_init);

MODULE_DESCRIPTION("A call through a pointer, for tests/indirect");
MODULE_LICENSE("GPL");
