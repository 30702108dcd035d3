// SPDX-License-Identifier: GPL-2.0
/*
 * An owner of functions that netmem_tx hooks: kprobes at their entry.
 * insmod owner_kprobe.ko funcs=NAME,NAME... [post=1]
 *
 * Without a post handler a kprobe shares its function with everyone. With
 * one it asks ftrace for IPMODIFY, which has one owner.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

#define MAX_FUNCS 16

static char *funcs[MAX_FUNCS];
static unsigned int n_funcs;
module_param_array(funcs, charp, &n_funcs, 0444);
MODULE_PARM_DESC(funcs, "functions to probe");

static bool post;
module_param(post, bool, 0444);
MODULE_PARM_DESC(post, "with a post handler");

static unsigned long hits[MAX_FUNCS];
module_param_array(hits, ulong, &n_funcs, 0444);
MODULE_PARM_DESC(hits, "calls seen, in the order of funcs");

static struct kprobe probes[MAX_FUNCS];

static int before(struct kprobe *p, struct pt_regs *regs)
{
	hits[p - probes]++;
	return 0;
}

static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}

static int __init owner_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < n_funcs; i++) {
		probes[i].symbol_name = funcs[i];
		probes[i].pre_handler = before;
		probes[i].post_handler = post ? after : NULL;
		err = register_kprobe(&probes[i]);
		if (err) {
			pr_info("kprobe on %s: error %d\n", funcs[i], err);
			goto undo;
		}
	}
	return 0;

undo:
	while (i--)
		unregister_kprobe(&probes[i]);
	return err;
}
module_init(owner_init);

static void __exit owner_exit(void)
{
	unsigned int i;

	for (i = 0; i < n_funcs; i++)
		unregister_kprobe(&probes[i]);
}
module_exit(owner_exit);

MODULE_DESCRIPTION("Test: kprobes on functions that netmem_tx hooks");
MODULE_LICENSE("GPL");
