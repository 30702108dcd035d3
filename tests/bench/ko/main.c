// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_bench: counts instructions in the guest. Write a command to
 * /proc/nmtx_bench, then read its result there.
 *
 *	irqs N...               interrupts of the NICs
 *	irq-off, irq-on         hold them back, let them come
 *	validate DEV            validate_xmit_skb_list(), a readable packet
 *	xmit DEV                dev_queue_xmit(), a readable packet
 *	capture DEV, captured   keep an unreadable packet of a real send
 *	validate-captured       as above, for that one
 *	packet ROUNDS           dev_queue_xmit() of it, as far as the NIC
 *	attach ADDR...          attach and detach an empty direct call
 *	release                 forget the packet
 *
 * Devices are those of the writer's network namespace.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/sort.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#include "bench.h"

#define MAX_NUMBERS	8

static DEFINE_MUTEX(bench_lock);
static char result[128] = "nothing yet";
static unsigned int irqs[MAX_NUMBERS], nr_irqs_held;
static bool irqs_are_off;

/**
 * bench_irqs_off - hold the NICs' interrupts back
 */
void bench_irqs_off(void)
{
	unsigned int i;

	if (irqs_are_off)
		return;
	for (i = 0; i < nr_irqs_held; i++)
		disable_irq(irqs[i]);
	irqs_are_off = true;
}

/**
 * bench_irqs_on - let them come
 */
void bench_irqs_on(void)
{
	unsigned int i;

	if (!irqs_are_off)
		return;
	irqs_are_off = false;
	for (i = 0; i < nr_irqs_held; i++)
		enable_irq(irqs[i]);
}

static int compare(const void *a, const void *b)
{
	u64 x = *(u64 *)a, y = *(u64 *)b;

	return x < y ? -1 : x > y;
}

/**
 * bench_sum_up - the smallest and the middle one
 * @counts: sorted by this
 * @n: how many
 * @sum: where they go
 */
void bench_sum_up(u64 *counts, unsigned int n, struct bench_count *sum)
{
	sort(counts, n, sizeof(*counts), compare, NULL);
	sum->min = counts[0];
	sum->median = counts[n / 2];
}

static int say_count(int err, const struct bench_count *sum)
{
	if (!err)
		snprintf(result, sizeof(result), "min=%llu median=%llu",
			 sum->min, sum->median);
	return err;
}

/* Numbers after the command. */
static unsigned int numbers(char *text, unsigned long *to)
{
	unsigned int n = 0;
	char *word;

	while (n < MAX_NUMBERS && (word = strsep(&text, " ")))
		if (*word && !kstrtoul(word, 0, &to[n]))
			n++;
	return n;
}

static int set_irqs(char *text)
{
	unsigned long to[MAX_NUMBERS];
	unsigned int i, n = numbers(text, to);

	bench_irqs_on();
	for (i = 0; i < n; i++) {
		irqs[i] = to[i];
		/* Masked at once, not when the next one comes. */
		irq_set_status_flags(irqs[i], IRQ_DISABLE_UNLAZY);
	}
	nr_irqs_held = n;
	return 0;
}

static int do_attach(char *text)
{
	unsigned long addrs[MAX_NUMBERS];
	u64 attach, detach;
	int err;

	err = bench_attach(addrs, numbers(text, addrs), &attach, &detach);
	if (!err)
		snprintf(result, sizeof(result), "attach=%llu detach=%llu",
			 attach, detach);
	return err;
}

static int do_captured(void)
{
	unsigned int len, frags;
	int err = bench_captured(&len, &frags);

	if (!err)
		snprintf(result, sizeof(result), "len=%u frags=%u", len, frags);
	return err;
}

static int on_device(const char *what, const char *name)
{
	struct bench_count sum = {};
	struct net_device *dev;
	int err = -EINVAL;

	dev = dev_get_by_name(current->nsproxy->net_ns, name);
	if (!dev)
		return -ENODEV;
	if (!strcmp(what, "validate"))
		err = say_count(bench_validate(dev, &sum), &sum);
	else if (!strcmp(what, "xmit"))
		err = say_count(bench_xmit(dev, &sum), &sum);
	else if (!strcmp(what, "capture"))
		err = bench_capture(dev);
	dev_put(dev);
	return err;
}

static int run(char *text)
{
	char *what = strsep(&text, " ");
	struct bench_count sum = {};
	unsigned long rounds;

	snprintf(result, sizeof(result), "ok");
	if (!strcmp(what, "irq-off"))
		bench_irqs_off();
	else if (!strcmp(what, "irq-on"))
		bench_irqs_on();
	else if (!strcmp(what, "release"))
		bench_release();
	else if (!strcmp(what, "captured"))
		return do_captured();
	else if (!strcmp(what, "validate-captured"))
		return say_count(bench_validate_captured(&sum), &sum);
	else if (!text)
		return -EINVAL;
	else if (!strcmp(what, "irqs"))
		return set_irqs(text);
	else if (!strcmp(what, "attach"))
		return do_attach(text);
	else if (!strcmp(what, "packet"))
		return kstrtoul(text, 0, &rounds) ?:
		       say_count(bench_packets(rounds, &sum), &sum);
	else
		return on_device(what, text);
	return 0;
}

static ssize_t bench_write(struct file *file, const char __user *from,
			   size_t size, loff_t *pos)
{
	char text[128];
	int err;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	text[size] = 0;
	mutex_lock(&bench_lock);
	err = run(strim(text));
	if (err)
		snprintf(result, sizeof(result), "error %d", err);
	mutex_unlock(&bench_lock);
	return err ?: size;
}

static int bench_show(struct seq_file *seq, void *unused)
{
	mutex_lock(&bench_lock);
	seq_printf(seq, "%s\n", result);
	mutex_unlock(&bench_lock);
	return 0;
}

static int bench_open(struct inode *inode, struct file *file)
{
	return single_open(file, bench_show, NULL);
}

static const struct proc_ops bench_proc_ops = {
	.proc_open = bench_open,
	.proc_read = seq_read,
	.proc_write = bench_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init bench_init(void)
{
	return proc_create("nmtx_bench", 0600, NULL, &bench_proc_ops) ? 0 :
								       -ENOMEM;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	remove_proc_entry("nmtx_bench", NULL);
	bench_irqs_on();
	bench_release();
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Instruction counts of the transmit path (benchmarks of netmem_tx)");
MODULE_LICENSE("GPL");
