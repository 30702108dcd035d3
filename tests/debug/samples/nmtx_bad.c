// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on purpose: each shows that one checker of the debug kernel is awake
 * and that its report fails the boot. Load with fault=NAME.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/timer.h>

static char *fault = "none";
module_param(fault, charp, 0400);
MODULE_PARM_DESC(fault, "none, uaf, oob, sleep, leak, lock, timer, shift, ref, rtnl or race");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);

static void do_none(void)
{
}

/* KASAN */
static void do_uaf(void)
{
	char *p = kmalloc(128, GFP_KERNEL);

	kfree(p);
	if (p)
		pr_info("freed byte %d\n", READ_ONCE(p[5]));
}

/* KASAN */
static void do_oob(void)
{
	char *p = kmalloc(100, GFP_KERNEL);
	int last = 100;

	OPTIMIZER_HIDE_VAR(last);
	if (p)
		WRITE_ONCE(p[last], 1);
	kfree(p);
}

/* DEBUG_ATOMIC_SLEEP */
static void do_sleep(void)
{
	rcu_read_lock();
	msleep(20);
	rcu_read_unlock();
}

static noinline void do_leak_one(size_t size)
{
	char *p = kmalloc(size, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
}

/* kmemleak; many, for an old pointer on a stack may hide one */
static void do_leak(void)
{
	int i;

	for (i = 0; i < 16; i++)
		do_leak_one(200 + i);
}

/* lockdep */
static void do_lock(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void tick(struct timer_list *unused)
{
}

/* DEBUG_OBJECTS */
static void do_timer(void)
{
	struct timer_list *t = kmalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return;
	timer_setup(t, tick, 0);
	mod_timer(t, jiffies + 3600 * HZ);
	kfree(t);
}

/* UBSAN */
static void do_shift(void)
{
	int by = 40;

	OPTIMIZER_HIDE_VAR(by);
	pr_info("shifted %d\n", 1 << by);
}

/* refcount */
static void do_ref(void)
{
	refcount_t r = REFCOUNT_INIT(1);

	OPTIMIZER_HIDE_VAR(r);
	if (refcount_dec_and_test(&r))
		refcount_inc(&r);
}

/* ASSERT_RTNL and lockdep of the network core */
static void do_rtnl(void)
{
	struct net_device *dev = dev_get_by_name(&init_net, "lo");

	if (!dev)
		return;
	ASSERT_RTNL();
	dev_put(dev);
}

static int raced;

static int race(void *unused)
{
	while (!kthread_should_stop()) {
		raced++;
		cond_resched();
	}
	return 0;
}

/* KCSAN */
static void do_race(void)
{
	struct task_struct *other = kthread_run(race, NULL, "nmtx_race");
	unsigned long end = jiffies + 10 * HZ;

	if (IS_ERR(other))
		return;
	while (time_before(jiffies, end)) {
		raced++;
		cond_resched();
	}
	kthread_stop(other);
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{ "none", do_none },
	{ "uaf", do_uaf },
	{ "oob", do_oob },
	{ "sleep", do_sleep },
	{ "leak", do_leak },
	{ "lock", do_lock },
	{ "timer", do_timer },
	{ "shift", do_shift },
	{ "ref", do_ref },
	{ "rtnl", do_rtnl },
	{ "race", do_race },
};

static int __init nmtx_bad_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (!strcmp(fault, faults[i].name)) {
			faults[i].run();
			return 0;
		}
	}
	return -EINVAL;
}
module_init(nmtx_bad_init);

static void __exit nmtx_bad_exit(void)
{
}
module_exit(nmtx_bad_exit);

MODULE_DESCRIPTION("Faults that the debug kernel must report");
MODULE_LICENSE("GPL");
