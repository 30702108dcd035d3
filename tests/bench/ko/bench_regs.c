// SPDX-License-Identifier: GPL-2.0
/*
 * For comparison: the hook that most out-of-tree modules would use, an ftrace
 * handler with all registers. It does the test of netmem_tx, on readable
 * packets only: the bench sends no device memory while it is loaded.
 */
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/skbuff.h>

static unsigned long unreadable;

static void notrace handler(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct sk_buff *skb = (void *)ftrace_regs_get_argument(fregs, 0);

	if (unlikely(!skb_frags_readable(skb)))
		unreadable++;
}

static struct ftrace_ops ops = {
	.func = handler,
	.flags = FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_IPMODIFY |
		 FTRACE_OPS_FL_RECURSION,
};

static int __init regs_init(void)
{
	static char name[] = "validate_xmit_skb";
	int err = ftrace_set_filter(&ops, name, sizeof(name) - 1, 1);

	return err ?: register_ftrace_function(&ops);
}
module_init(regs_init);

static void __exit regs_exit(void)
{
	unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}
module_exit(regs_exit);

MODULE_DESCRIPTION("Full-register ftrace hook on validate_xmit_skb (benchmarks of netmem_tx)");
MODULE_LICENSE("GPL");
