// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks that are there from load to unload: bind-tx, sendmsg()'s look at a
 * binding, a binding's two ends, and who would read packets before they are
 * sent. One ftrace_ops holds them all.
 *
 * A handler decides from the arguments whether the call is ours. If so it
 * makes the kernel go on in our function instead of the stock one; if not the
 * stock one runs, untouched.
 */
#include "netmem_tx.h"

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>

#include "bind_tx.h"
#include "binding.h"
#include "direct.h"
#include "hooks.h"
#include "netfilter.h"
#include "resume.h"
#include "send.h"
#include "symbols.h"
#include "validate.h"

enum {
	HOOK_BIND_TX = NMTX_RESUME_BIND_TX,
	HOOK_GET_BINDING = NMTX_RESUME_GET_BINDING,
	HOOK_UNBIND = NMTX_RESUME_UNBIND,
	HOOK_FREE = NMTX_RESUME_FREE,
	HOOK_NF_QUEUE = NMTX_RESUME_NF_QUEUE,
	HOOK_NF_LOG = NMTX_RESUME_NF_LOG,
	HOOK_NF_TRACE = NMTX_RESUME_NF_TRACE,
	HOOK_SIGPOOL = NMTX_RESUME_SIGPOOL,
	HOOK_MD5 = NMTX_RESUME_MD5,
	HOOKS,
};

/*
 * Which hooks this kernel needs is known when we are built. A function that
 * would read a packet's payload has the place of the packet among its
 * arguments, and what runs instead when that cannot be read.
 */
static struct nmtx_hook {
	const char *name;
	void (*resume)(void);
	void *instead;
	int skb_argument;	/* 0, 1 or 3 */
	bool unneeded;
	unsigned long addr;
} hooks[HOOKS] __ro_after_init = {
	[HOOK_BIND_TX] = { "netdev_nl_bind_tx_doit", nmtx_resume_bind_tx },
	[HOOK_GET_BINDING] = { "net_devmem_get_binding", nmtx_resume_get_binding },
	[HOOK_UNBIND] = { "net_devmem_unbind_dmabuf", nmtx_resume_unbind },
	[HOOK_FREE] = { "__net_devmem_dmabuf_binding_free", nmtx_resume_free },
	[HOOK_NF_QUEUE] = { "nf_queue", nmtx_resume_nf_queue,
			    nmtx_nf_queue_refused, 0, !NMTX_NETFILTER_READS },
	[HOOK_NF_LOG] = { "nf_log_packet", nmtx_resume_nf_log,
			  nmtx_nf_log_packet, 3, !NMTX_NETFILTER_READS },
	[HOOK_NF_TRACE] = { "nf_log_trace", nmtx_resume_nf_trace,
			    nmtx_nf_log_trace, 3, !NMTX_NETFILTER_READS },
	[HOOK_SIGPOOL] = { "tcp_sigpool_hash_skb_data", nmtx_resume_sigpool,
			   nmtx_sigpool_refused, 1, !NMTX_TCP_SIGPOOL },
	[HOOK_MD5] = { "tcp_md5_hash_skb_data", nmtx_resume_md5,
		       nmtx_md5_refused, 1, !NMTX_TCP_MD5_LIB },
};

/* Where the stock functions go on: see resume.S. */
unsigned long nmtx_resume_at[NMTX_RESUMES];

/* Until all of the load went well, bindings are the stock kernel's. */
static bool is_open;

/* Calls inside those of our functions that may sleep. */
static atomic_t in_flight = ATOMIC_INIT(0);

/* Constants: for a number of an argument the kernel has code to read stacks. */
static void *packet_of(const struct nmtx_hook *hook, struct ftrace_regs *fregs)
{
	switch (hook->skb_argument) {
	case 0:
		return (void *)ftrace_regs_get_argument(fregs, 0);
	case 1:
		return (void *)ftrace_regs_get_argument(fregs, 1);
	default:
		return (void *)ftrace_regs_get_argument(fregs, 3);
	}
}

static void *reader_target(const struct nmtx_hook *hook,
			   struct ftrace_regs *fregs)
{
	return likely(skb_frags_readable(packet_of(hook, fregs))) ?
	       NULL : hook->instead;
}

static int which_hook(unsigned long ip)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (ip - hooks[i].addr < 16)
			return i;
	return -1;
}

static void *bind_tx_target(const struct genl_info *info)
{
	if (!READ_ONCE(is_open))
		return NULL;
	switch (nmtx_bind_tx_mode(info)) {
	case NETMEM_TX_NO_DMA:
		return nmtx_bind_tx_doit;
	case NETMEM_TX_DMA:
		return nmtx_direct_passed_on(info) ? NULL :
						     nmtx_direct_bind_tx_doit;
	default:
		return NULL;
	}
}

/* Where the function goes on: in @target, or where it would anyway. */
static __always_inline void go_on(struct ftrace_regs *fregs, int which,
				  void *target)
{
	if (target)
		ftrace_regs_set_instruction_pointer(fregs, (unsigned long)target);
	else if (nmtx_resume_needed(fregs))
		nmtx_resume(fregs, which, hooks[which].resume);
}

/* Apart, so that a send needs no stack for it. */
static noinline void notrace handle_others(unsigned long ip,
					   struct ftrace_regs *fregs)
{
	void *arg0 = (void *)ftrace_regs_get_argument(fregs, 0);
	unsigned long arg1 = ftrace_regs_get_argument(fregs, 1);
	int which = which_hook(ip);
	void *target = NULL;

	switch (which) {
	case HOOK_BIND_TX:
		target = bind_tx_target((void *)arg1);
		break;
	case HOOK_UNBIND:
		nmtx_binding_unbound(arg0);
		break;
	case HOOK_FREE:
		if (nmtx_binding_free_is_ours(arg0))
			target = nmtx_binding_free_work;
		else if (nmtx_direct_free_is_ours(arg0))
			target = nmtx_direct_free_work;
		break;
	case HOOK_NF_QUEUE ... HOOK_MD5:
		target = reader_target(&hooks[which], fregs);
		break;
	}
	if (which >= 0)
		go_on(fregs, which, target);
}

static void notrace handler(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	unsigned long arg1;

	if (unlikely(ip - hooks[HOOK_GET_BINDING].addr >= 16)) {
		handle_others(ip, fregs);
		return;
	}
	arg1 = ftrace_regs_get_argument(fregs, 1);
	go_on(fregs, HOOK_GET_BINDING,
	      nmtx_send_is_ours(arg1) ? nmtx_get_binding : NULL);
}

/*
 * PERMANENT: while we are loaded kernel.ftrace_enabled cannot be cleared,
 * which would take all hooks off in silence. It also keeps the direct hook of
 * xmit_hook.c in place, whose flags the kernel does not let us choose.
 */
static struct ftrace_ops load_ops = {
	.func = handler,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

/**
 * nmtx_hooks_register - register an ops that changes where functions go on
 * @ops: with its filter
 *
 * BPF says -EAGAIN while it changes its own programs on one of the functions.
 *
 * Context: process context, may sleep.
 * Return: as register_ftrace_function().
 */
int nmtx_hooks_register(struct ftrace_ops *ops)
{
	int err, tries = 50;

	for (;;) {
		err = register_ftrace_function(ops);
		if (err != -EAGAIN || !--tries)
			return err;
		msleep(20);
	}
}

static void notrace handle_nothing(unsigned long ip, unsigned long parent_ip,
				   struct ftrace_ops *ops,
				   struct ftrace_regs *fregs)
{
	int which = which_hook(ip);

	if (which >= 0 && nmtx_resume_needed(fregs))
		nmtx_resume(fregs, which, hooks[which].resume);
}

/* Not permanent: it may be registered while kernel.ftrace_enabled is 0. */
static struct ftrace_ops probe_ops = {
	.func = handle_nothing,
	.flags = FTRACE_OPS_FL_IPMODIFY,
};

/*
 * Somebody owns a hook: which one? Try each alone. The attempt with all has
 * told BPF to share its functions with us, and only this ends that.
 */
static void __init explain_refusal(int why)
{
	const char *owned = NULL;
	int i, err;

	for (i = 0; i < HOOKS; i++) {
		if (hooks[i].unneeded)
			continue;
		err = ftrace_set_filter_ip(&probe_ops, hooks[i].addr, 0, 1);
		if (!err)
			err = nmtx_hooks_register(&probe_ops);
		if (err) {
			owned = owned ?: hooks[i].name;
			continue;
		}
		err = unregister_ftrace_function(&probe_ops);
		if (err)
			nmtx_hooks_stuck(err);
	}
	ftrace_free_filter(&probe_ops);
	if (owned)
		pr_err("refused: %s is owned by a livepatch, or a kprobe with a post handler (error %d)\n",
		       owned, why);
	else
		pr_err("refused: ftrace is switched off (error %d): set sysctl kernel.ftrace_enabled to 1\n",
		       why);
}

/**
 * nmtx_hooks_install - put the hooks in place
 *
 * Context: process context, module init, after nmtx_symbols_resolve().
 * Return: 0, or a negative errno that was explained on the log.
 */
int __init nmtx_hooks_install(void)
{
	int i, err;

	for (i = 0; i < HOOKS; i++) {
		if (hooks[i].unneeded)
			continue;
		hooks[i].addr = nmtx_symbol(hooks[i].name);
		if (!hooks[i].addr)
			return -ENOENT;
	}
	for (i = 0; i < HOOKS; i++) {
		if (hooks[i].unneeded)
			continue;
		err = ftrace_set_filter_ip(&load_ops, hooks[i].addr, 0, 0);
		if (err) {
			pr_err("refused: ftrace cannot hook %s (error %d)\n",
			       hooks[i].name, err);
			goto free_filter;
		}
	}
	err = nmtx_hooks_register(&load_ops);
	if (!err)
		return 0;
	explain_refusal(err);
free_filter:
	ftrace_free_filter(&load_ops);
	return err;
}

/**
 * nmtx_hooks_open - bindings are ours from now on
 *
 * A load that fails is over at once, whoever holds the module: there must be
 * no binding of ours then.
 *
 * Context: process context, the last step of module init.
 */
void __init nmtx_hooks_open(void)
{
	WRITE_ONCE(is_open, true);
}

/**
 * nmtx_hooks_remove - take the hooks off
 *
 * Returns when no CPU is in a handler any more. Functions that a handler has
 * redirected to may still sleep: see nmtx_hooks_drain().
 *
 * Context: process context, may sleep for long.
 */
void nmtx_hooks_remove(void)
{
	int err = unregister_ftrace_function(&load_ops);

	if (err)
		nmtx_hooks_stuck(err);
	ftrace_free_filter(&load_ops);
}

/**
 * nmtx_hooks_enter - a redirected function that may sleep begins
 *
 * Context: any.
 */
void nmtx_hooks_enter(void)
{
	atomic_inc(&in_flight);
}

/**
 * nmtx_hooks_leave - a redirected function that may sleep ends
 *
 * No sleep between this and the return to the kernel.
 *
 * Context: any.
 */
void nmtx_hooks_leave(void)
{
	atomic_dec(&in_flight);
}

/**
 * nmtx_hooks_drain - wait until nobody runs our code
 *
 * A task is between handler and nmtx_hooks_enter(), or between
 * nmtx_hooks_leave() and its return, only as long as it does not sleep: that
 * is what RCU-tasks waits for.
 *
 * Context: process context, after all hooks were removed.
 */
void nmtx_hooks_drain(void)
{
	synchronize_rcu_tasks();
	while (atomic_read(&in_flight))
		msleep(20);
	synchronize_rcu_tasks();
}

/**
 * nmtx_hooks_stuck - ftrace did not let go of a hook: stay for ever
 * @err: what it said
 *
 * After ftrace has killed itself (it says so on the log) its calls into us
 * cannot be taken out. An unload that went on would crash the kernel, and so
 * would a load that fails.
 *
 * Context: process context, module init or exit. Does not return.
 */
void __noreturn nmtx_hooks_stuck(int err)
{
	pr_err("ftrace does not let go of a hook (error %d): the module stays until reboot\n",
	       err);
	for (;;)
		schedule_timeout_idle(MAX_SCHEDULE_TIMEOUT);
}
