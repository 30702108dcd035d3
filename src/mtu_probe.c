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
 * It is known by the upper bound of its search, which is 0. Where the kernel
 * sets another one, it has seen an MTU probe of this socket or connects it
 * anew. What remains is the time-out that begins to probe, tcp_mtu_probing():
 * it ends in tcp_sync_mss(), where it is undone.
 */
#include "netmem_tx.h"

#include <linux/ftrace.h>
#include <net/inet_connection_sock.h>

#include "hooks.h"
#include "mtu_probe.h"
#include "symbols.h"

/**
 * nmtx_mtu_probe_never - let a socket never probe for its path MTU again
 * @sk: a TCP socket that is about to queue device memory, locked
 *
 * A probe that is on its way is taken for inconclusive, as when the kernel
 * retransmits it.
 *
 * Context: from ftrace, on entry of net_devmem_get_binding().
 */
void notrace nmtx_mtu_probe_never(struct sock *sk)
{
	struct inet_connection_sock *icsk = inet_csk(sk);

	icsk->icsk_mtup.enabled = 0;
	icsk->icsk_mtup.probe_size = 0;
	icsk->icsk_mtup.search_high = 0;
}

/* On entry of tcp_sync_mss(): the socket is locked. */
static void notrace sync_mss(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct inet_connection_sock *icsk =
		inet_csk((struct sock *)ftrace_regs_get_argument(fregs, 0));

	if (!icsk->icsk_mtup.search_high)
		icsk->icsk_mtup.enabled = 0;
}

/* PERMANENT: see load_ops of hooks.c. Others may have the function, too. */
static struct ftrace_ops sync_mss_ops = {
	.func = sync_mss,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

/**
 * nmtx_mtu_probe_init - watch time-outs that begin to probe
 *
 * Context: process context, module init, after nmtx_hooks_install(), which
 * says why when ftrace is switched off.
 * Return: 0, or a negative errno that was explained on the log.
 */
int __init nmtx_mtu_probe_init(void)
{
	unsigned long addr = nmtx_symbol("tcp_sync_mss");
	int err;

	if (!addr)
		return -ENOENT;
	err = ftrace_set_filter_ip(&sync_mss_ops, addr, 0, 1) ?:
	      nmtx_hooks_register(&sync_mss_ops);
	if (!err)
		return 0;
	ftrace_free_filter(&sync_mss_ops);
	pr_err("refused: ftrace cannot hook tcp_sync_mss (error %d)\n", err);
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
	int err = unregister_ftrace_function(&sync_mss_ops);

	if (err)
		nmtx_hooks_stuck(err);
	ftrace_free_filter(&sync_mss_ops);
}
