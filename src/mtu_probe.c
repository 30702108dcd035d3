// SPDX-License-Identifier: GPL-2.0
/*
 * No MTU probes of device memory.
 *
 * tcp_mtu_probe() puts fragments of the send queue into a packet of its own
 * and does not set skb->unreadable there. Then nothing sees that they are no
 * pages: such a packet would pass netkit, any NIC would send it by the DMA
 * address of another, and software that reads it would follow a NULL page.
 * Linux 7.2 has this fault too; there is no function to hook that only a probe
 * runs through. So a socket that sends device memory stops to probe, for good.
 *
 * That is where its first fragment is queued: sendmsg() may wait for the
 * connection before, and connecting sets up the search for the MTU anew. It is
 * known from then on by the upper bound of that search, which is 0. What could
 * begin to probe again is a time-out, tcp_mtu_probing(): it ends in
 * tcp_sync_mss(), where it is undone.
 */
#include "netmem_tx.h"

#include <linux/ftrace.h>
#include <net/inet_connection_sock.h>

#include "hooks.h"
#include "mtu_probe.h"
#include "symbols.h"

static unsigned long fill_addr __ro_after_init;

/*
 * A probe that is on its way is taken for inconclusive, as when the kernel
 * retransmits it.
 */
static void notrace never_probe(struct inet_connection_sock *icsk)
{
	icsk->icsk_mtup.enabled = 0;
	icsk->icsk_mtup.probe_size = 0;
	icsk->icsk_mtup.search_high = 0;
}

/*
 * On entry of skb_zerocopy_iter_stream(), which has the binding as its sixth
 * argument, and of tcp_sync_mss(). The socket is locked, and TCP.
 */
static void notrace mtu_handler(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct inet_connection_sock *icsk =
		inet_csk((struct sock *)ftrace_regs_get_argument(fregs, 0));

	if (ip - fill_addr < 16) {
		if (ftrace_regs_get_argument(fregs, 5))
			never_probe(icsk);
	} else if (!icsk->icsk_mtup.search_high) {
		icsk->icsk_mtup.enabled = 0;
	}
}

/* PERMANENT: see load_ops of hooks.c. Others may have the functions, too. */
static struct ftrace_ops mtu_ops = {
	.func = mtu_handler,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

/**
 * nmtx_mtu_probe_init - let sockets with device memory never probe
 *
 * Context: process context, module init, after nmtx_hooks_install(), which
 * says why when ftrace is switched off.
 * Return: 0, or a negative errno that was explained on the log.
 */
int __init nmtx_mtu_probe_init(void)
{
	unsigned long addrs[2];
	int err;

	fill_addr = nmtx_symbol("skb_zerocopy_iter_stream");
	addrs[0] = fill_addr;
	addrs[1] = nmtx_symbol("tcp_sync_mss");
	if (!addrs[0] || !addrs[1])
		return -ENOENT;
	err = ftrace_set_filter_ips(&mtu_ops, addrs, ARRAY_SIZE(addrs), 0, 1) ?:
	      nmtx_hooks_register(&mtu_ops);
	if (!err)
		return 0;
	ftrace_free_filter(&mtu_ops);
	pr_err("refused: ftrace cannot hook skb_zerocopy_iter_stream and tcp_sync_mss (error %d)\n",
	       err);
	return err;
}

/**
 * nmtx_mtu_probe_exit - watch no more
 *
 * Returns when no CPU is in the handler any more. Sockets stay as they are.
 *
 * Context: process context, may sleep for long.
 */
void nmtx_mtu_probe_exit(void)
{
	int err = unregister_ftrace_function(&mtu_ops);

	if (err)
		nmtx_hooks_stuck(err);
	ftrace_free_filter(&mtu_ops);
}
