// SPDX-License-Identifier: GPL-2.0
/*
 * Counts of the transmit path. Readable packets are made here; unreadable ones
 * are caught from a real send of device memory, and sent again as clones.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/kprobes.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "bench.h"

#define CALLS	1000
#define REPEATS	15
/* The largest packet that TCP makes of 64 KiB, by segments of 1448 bytes. */
#define SEGMENTS	45

static struct sk_buff *captured;
static struct net_device *capture_dev;
static netdevice_tracker capture_tracker;

static struct sk_buff *make_readable(struct net_device *dev)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, 64);
	skb_put_zero(skb, 60);
	eth_hdr(skb)->h_proto = htons(ETH_P_IP);
	skb_reset_mac_header(skb);
	eth_broadcast_addr(eth_hdr(skb)->h_dest);
	eth_hdr(skb)->h_proto = htons(ETH_P_IP);
	skb_set_network_header(skb, ETH_HLEN);
	skb->protocol = htons(ETH_P_IP);
	skb->dev = dev;
	return skb;
}

/* One loop for all numbers, so that two of them differ by calls alone. */
static noinline u64 time_validate(struct sk_buff *skb, struct net_device *dev,
				  unsigned int n)
{
	unsigned long flags;
	bool again = false;
	u64 start, count;

	local_irq_save(flags);
	start = rdtsc_ordered();
	while (n--)
		validate_xmit_skb_list(skb, dev, &again);
	count = rdtsc_ordered() - start;
	local_irq_restore(flags);
	return count;
}

/*
 * Thousandths of instructions of one call, by two numbers of them. Of each
 * the smallest counts: the one without a timer tick.
 */
static u64 per_call(u64 (*count)(struct sk_buff *, struct net_device *,
				 unsigned int),
		    struct sk_buff *skb, struct net_device *dev, unsigned int n)
{
	u64 once = U64_MAX, twice = U64_MAX;
	unsigned int i;

	for (i = 0; i < REPEATS; i++) {
		once = min(once, count(skb, dev, n));
		twice = min(twice, count(skb, dev, 2 * n));
	}
	return (twice - once) * 1000 / n;
}

static int validate_skb(struct sk_buff *skb, struct net_device *dev,
			struct bench_count *sum)
{
	bool again = false;

	skb_get(skb);
	if (validate_xmit_skb_list(skb, dev, &again) != skb)
		return -EIO;	/* dropped */
	refcount_dec(&skb->users);
	sum->min = per_call(time_validate, skb, dev, CALLS);
	return 0;
}

/**
 * bench_validate - thousandths of instructions of validate_xmit_skb_list()
 * @dev: a device
 * @sum: for a readable packet; the smallest only
 *
 * Return: 0 or a negative errno.
 */
int bench_validate(struct net_device *dev, struct bench_count *sum)
{
	struct sk_buff *skb = make_readable(dev);
	int err;

	if (!skb)
		return -ENOMEM;
	err = validate_skb(skb, dev, sum);
	if (!err)
		kfree_skb(skb);
	return err;
}

static noinline u64 time_xmit(struct sk_buff *skb, struct net_device *dev,
			      unsigned int n)
{
	u64 start = rdtsc_ordered();

	while (n--) {
		skb_get(skb);
		dev_queue_xmit(skb);
	}
	return rdtsc_ordered() - start;
}

/**
 * bench_xmit - thousandths of instructions of dev_queue_xmit()
 * @dev: a device that frees what it is given, as dummy does
 * @sum: for a readable packet; the smallest only
 *
 * Return: 0 or a negative errno.
 */
int bench_xmit(struct net_device *dev, struct bench_count *sum)
{
	struct sk_buff *skb = make_readable(dev);
	int held;

	if (!skb)
		return -ENOMEM;
	sum->min = per_call(time_xmit, skb, dev, CALLS / 4);
	held = refcount_read(&skb->users);
	kfree_skb(skb);
	return held == 1 ? 0 : -EIO;
}

/*
 * On entry of __dev_queue_xmit(). A packet tap will not do: the kernel shows
 * it no unreadable packets.
 */
static int capture_packet(struct kprobe *kp, struct pt_regs *regs)
{
	struct sk_buff *skb = (void *)regs_get_kernel_argument(regs, 0);

	/*
	 * The IOMMU maps pages, and the NIC takes pieces of them: the header in
	 * one page, the payload from a page's first byte.
	 */
	if (skb->dev == capture_dev && !skb_frags_readable(skb) && !captured &&
	    skb_shinfo(skb)->gso_segs == SEGMENTS &&
	    !skb_frag_off(&skb_shinfo(skb)->frags[0]) &&
	    offset_in_page(skb->data) + skb_headlen(skb) <= PAGE_SIZE)
		captured = skb_clone(skb, GFP_ATOMIC);
	return 0;
}

static struct kprobe capture_probe;
static bool capturing;

/**
 * bench_capture - keep the next unreadable packet of a device that is as large
 * and as well aligned as they come
 * @dev: the device
 *
 * Return: 0 or a negative errno.
 */
int bench_capture(struct net_device *dev)
{
	int err;

	bench_release();
	capture_dev = dev;
	netdev_hold(dev, &capture_tracker, GFP_KERNEL);
	capture_probe = (struct kprobe) {
		.symbol_name = "__dev_queue_xmit",
		.pre_handler = capture_packet,
	};
	err = register_kprobe(&capture_probe);
	capturing = !err;
	return err;
}

/**
 * bench_captured - end the capture
 * @len: bytes of the packet
 * @frags: its fragments
 *
 * Return: 0, or -ENOENT when none came.
 */
int bench_captured(unsigned int *len, unsigned int *frags)
{
	if (capturing) {
		unregister_kprobe(&capture_probe);
		capturing = false;
	}
	if (!captured)
		return -ENOENT;
	*len = captured->len;
	*frags = skb_shinfo(captured)->nr_frags;
	return 0;
}

/**
 * bench_release - forget the captured packet and its device
 */
void bench_release(void)
{
	unsigned int len, frags;

	if (!capture_dev)
		return;
	bench_captured(&len, &frags);
	kfree_skb(captured);
	captured = NULL;
	netdev_put(capture_dev, &capture_tracker);
	capture_dev = NULL;
}

/**
 * bench_validate_captured - as bench_validate(), for the captured packet
 * @sum: what was found; the smallest only
 *
 * Return: 0 or a negative errno.
 */
int bench_validate_captured(struct bench_count *sum)
{
	struct sk_buff *skb;
	int err;

	if (!captured)
		return -ENOENT;
	skb = skb_clone(captured, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	skb->dev = capture_dev;
	err = validate_skb(skb, capture_dev, sum);
	if (!err)
		kfree_skb(skb);
	return err;
}

/**
 * bench_packets - instructions from dev_queue_xmit() to the NIC's doorbell
 * @rounds: how often
 * @sum: for the captured packet on its device
 *
 * The NICs' interrupts wait until the count is taken.
 *
 * Return: 0 or a negative errno.
 */
int bench_packets(unsigned int rounds, struct bench_count *sum)
{
	struct sk_buff *skb;
	unsigned int i;
	u64 *counts;
	int err = 0;

	if (!captured || !rounds)
		return -ENOENT;
	counts = kcalloc(rounds, sizeof(*counts), GFP_KERNEL);
	if (!counts)
		return -ENOMEM;
	for (i = 0; !err && i < rounds; i++) {
		skb = skb_clone(captured, GFP_KERNEL);
		if (!skb) {
			err = -ENOMEM;
			break;
		}
		skb->dev = capture_dev;
		bench_irqs_off();
		counts[i] = rdtsc_ordered();
		err = dev_queue_xmit(skb);
		counts[i] = rdtsc_ordered() - counts[i];
		bench_irqs_on();
		usleep_range(500, 600);
	}
	if (!err)
		bench_sum_up(counts, rounds, sum);
	kfree(counts);
	return err > 0 ? -EIO : err;
}
