// SPDX-License-Identifier: GPL-2.0
/*
 * The same as indirect_bad.c by a static call: check.sh must say nothing.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/static_call.h>

static unsigned long no_lookup(const char *name)
{
	return 0;
}

static struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
DEFINE_STATIC_CALL(lookup, no_lookup);

static int __init indirect_good_init(void)
{
	int err = register_kprobe(&probe);

	if (err)
		return err;
	static_call_update(lookup, (void *)probe.addr);
	unregister_kprobe(&probe);
	return static_call(lookup)("validate_xmit_skb") ? 0 : -ENOENT;
}
module_init(indirect_good_init);

MODULE_DESCRIPTION("A call through a static call, for tests/indirect");
MODULE_LICENSE("GPL");
