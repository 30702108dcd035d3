// SPDX-License-Identifier: GPL-2.0
/*
 * Calls of netmem_tx to the kernel that fail, or are only counted.
 *
 *	echo POINT [VALUE FROM TIMES EATS] >/sys/module/nmtx_fault/parameters/add
 *	echo 1 >/sys/module/nmtx_fault/parameters/clear
 *
 * POINT is FUNCTION:OFFSET:LENGTH:KIND:TARGET, as points.py writes it: where
 * the call is, how long the instruction, and which kind:
 *
 *	c	a call: a kprobe at it goes on behind it
 *	j	a jump at the end of a function: goes on where that returns to
 *	s	a static call. kprobes may not touch it: the probe is on entry of
 *		TARGET, the kernel's function, and looks where it returns to
 *
 * From its hit number FROM on, TIMES times, a point gives back VALUE instead
 * of what the kernel would say. With EATS 1, the second argument, a message, is
 * freed first, as the function that is passed by would have done. All of
 * netmem_tx can be probed while it is coming: what is added before is set then.
 */
#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/skbuff.h>

/* For int3_emulate_push(). */
#include <asm/text-patching.h>

#define VICTIM		"netmem_tx"
#define MAX_POINTS	256

/**
 * struct point - a call
 * @probe: at the call, or at the entry of the function that is called
 * @anchor: what tells where a static call returns to; never enabled
 * @where: "netmem_tx:FUNCTION"
 * @target: function of a static call
 * @offset: of the call in its function
 * @length: of its instruction
 * @kind: see above
 * @set: @probe is registered
 * @value: what it gives back
 * @from: number of the first hit that fails
 * @times: how many fail
 * @eats: the second argument is freed
 * @hits: how often it was reached
 */
struct point {
	struct kprobe probe;
	struct kprobe anchor;
	char where[128];
	char target[128];
	unsigned int offset;
	unsigned int length;
	char kind;
	bool set;
	long value;
	unsigned long from;
	unsigned long times;
	unsigned int eats;
	atomic_long_t hits;
};

static struct point table[MAX_POINTS];
static unsigned int n_points;
static DEFINE_MUTEX(table_lock);

/* Where a function that is passed by goes on: it only returns, and leaves ax. */
static noinline notrace void only_return(void)
{
	barrier();
}

static long value_of_eater;

static long eat_message(void *unused, struct sk_buff *msg)
{
	kfree_skb(msg);
	return value_of_eater;
}

/* @regs are those at the call: make it fail. */
static void pass_by(struct point *point, struct pt_regs *regs)
{
	unsigned long behind = (unsigned long)point->probe.addr + point->length;

	regs->ax = point->value;
	if (point->eats)
		WRITE_ONCE(value_of_eater, point->value);
	if (point->kind == 'c' && point->eats) {
		int3_emulate_push(regs, behind);
		regs->ip = (unsigned long)eat_message;
	} else if (point->kind == 'c') {
		regs->ip = behind;
	} else if (point->eats) {
		regs->ip = (unsigned long)eat_message;
	} else {
		regs->ip = (unsigned long)only_return;
	}
}

static int at_call(struct kprobe *p, struct pt_regs *regs)
{
	struct point *point = container_of(p, struct point, probe);
	unsigned long n;

	if (point->kind == 's' &&
	    *(unsigned long *)regs->sp != (unsigned long)point->anchor.addr)
		return 0;
	n = atomic_long_inc_return(&point->hits);
	if (n < point->from || n - point->from >= point->times)
		return 0;
	pass_by(point, regs);
	return 1;
}

/* A probe with this is not optimized: then it could not change the way. */
static void after_call(struct kprobe *p, struct pt_regs *regs,
		       unsigned long flags)
{
}

/* The address behind a static call, without a look at the call itself. */
static int set_anchor(struct point *point)
{
	int err;

	point->anchor = (struct kprobe) {
		.symbol_name = point->where,
		.offset = point->offset + point->length,
		.flags = KPROBE_FLAG_DISABLED,
	};
	err = register_kprobe(&point->anchor);
	if (!err)
		unregister_kprobe(&point->anchor);
	return err;
}

static int set_point(struct point *point)
{
	bool is_static = point->kind == 's';
	int err = is_static ? set_anchor(point) : 0;

	if (err)
		return err;
	point->probe = (struct kprobe) {
		.symbol_name = is_static ? point->target : point->where,
		.offset = is_static ? 0 : point->offset,
		.pre_handler = at_call,
		.post_handler = after_call,
	};
	err = register_kprobe(&point->probe);
	point->set = !err;
	return err;
}

/* What is not in the module, or not any more, is never reached. */
static int set_points(void)
{
	int i, err, ret = 0;

	for (i = 0; i < n_points; i++) {
		err = table[i].set ? 0 : set_point(&table[i]);
		if (err && err != -ENOENT) {
			pr_err("nmtx_fault: no probe for %s+0x%x (error %d)\n",
			       table[i].where, table[i].offset, err);
			ret = err;
		}
	}
	return ret;
}

static void unset_points(void)
{
	int i;

	for (i = 0; i < n_points; i++) {
		if (table[i].set)
			unregister_kprobe(&table[i].probe);
		table[i].set = false;
	}
}

static int parse_point(const char *text, struct point *point)
{
	char function[112];
	int n;

	memset(point, 0, sizeof(*point));
	n = sscanf(text, "%111[^:]:%x:%u:%c:%127s %ld %lu %lu %u", function,
		   &point->offset, &point->length, &point->kind, point->target,
		   &point->value, &point->from, &point->times, &point->eats);
	if ((n != 5 && n != 9) || !strchr("cjs", point->kind))
		return -EINVAL;
	snprintf(point->where, sizeof(point->where), VICTIM ":%s", function);
	return 0;
}

static int add_set(const char *text, const struct kernel_param *param)
{
	int err = -ENOSPC;

	mutex_lock(&table_lock);
	if (n_points < MAX_POINTS) {
		err = parse_point(text, &table[n_points]);
		n_points += !err;
	}
	if (!err)
		err = set_points();
	mutex_unlock(&table_lock);
	return err;
}

static int clear_set(const char *text, const struct kernel_param *param)
{
	mutex_lock(&table_lock);
	unset_points();
	n_points = 0;
	mutex_unlock(&table_lock);
	return 0;
}

static int hits_get(char *buf, const struct kernel_param *param)
{
	int i, len = 0;

	mutex_lock(&table_lock);
	for (i = 0; i < n_points; i++)
		len += scnprintf(buf + len, PAGE_SIZE - len, "%s%ld",
				 i ? "," : "", atomic_long_read(&table[i].hits));
	mutex_unlock(&table_lock);
	return len;
}

static const struct kernel_param_ops add_ops = { .set = add_set };
module_param_cb(add, &add_ops, NULL, 0200);
MODULE_PARM_DESC(add, "a call to count, or to fail");

static const struct kernel_param_ops clear_ops = { .set = clear_set };
module_param_cb(clear, &clear_ops, NULL, 0200);
MODULE_PARM_DESC(clear, "forget all");

static const struct kernel_param_ops hits_ops = { .get = hits_get };
module_param_cb(hits, &hits_ops, NULL, 0444);
MODULE_PARM_DESC(hits, "how often each was reached, in the order of add");

static int module_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	struct module *module = data;

	if (strcmp(module->name, VICTIM))
		return NOTIFY_DONE;
	mutex_lock(&table_lock);
	if (event == MODULE_STATE_COMING)
		set_points();
	else if (event == MODULE_STATE_GOING)
		unset_points();
	mutex_unlock(&table_lock);
	return NOTIFY_DONE;
}

/* Last: the others have patched the text by then. */
static struct notifier_block module_notifier = {
	.notifier_call = module_event,
	.priority = INT_MIN,
};

static int __init fault_init(void)
{
	return register_module_notifier(&module_notifier);
}
module_init(fault_init);

/* It stays: what it allocated could be taken for the other module's. */
MODULE_DESCRIPTION("Test: calls of netmem_tx to the kernel that fail");
MODULE_LICENSE("GPL");
