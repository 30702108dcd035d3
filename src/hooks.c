// SPDX-License-Identifier: GPL-2.0
/*
 * The hooks that are there from load to unload: bind-tx, sendmsg()'s look at a
 * binding, and a binding's two ends. One ftrace_ops holds them all.
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

#include "bind_tx.h"
#include "binding.h"
#include "hooks.h"
#include "send.h"
#include "symbols.h"

enum {
	HOOK_BIND_TX,
	HOOK_GET_BINDING,
	HOOK_UNBIND,
	HOOK_FREE,
	HOOKS,
};

static struct nmtx_hook {
	const char *name;
	unsigned long addr;
} hooks[HOOKS] __ro_after_init = {
	[HOOK_BIND_TX] = { "netdev_nl_bind_tx_doit" },
	[HOOK_GET_BINDING] = { "net_devmem_get_binding" },
	[HOOK_UNBIND] = { "net_devmem_unbind_dmabuf" },
	[HOOK_FREE] = { "__net_devmem_dmabuf_binding_free" },
};

/* Calls inside those of our functions that may sleep. */
static atomic_t in_flight = ATOMIC_INIT(0);

static int which_hook(unsigned long ip)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (ip - hooks[i].addr < 16)
			return i;
	return -1;
}

static void notrace handler(unsigned long ip, unsigned long parent_ip,
			    struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	void *arg0 = (void *)ftrace_regs_get_argument(fregs, 0);
	unsigned long arg1 = ftrace_regs_get_argument(fregs, 1);
	void *target = NULL;

	switch (which_hook(ip)) {
	case HOOK_BIND_TX:
		if (nmtx_bind_tx_is_ours((void *)arg1))
			target = nmtx_bind_tx_doit;
		break;
	case HOOK_GET_BINDING:
		if (nmtx_send_is_ours(arg1))
			target = nmtx_get_binding;
		break;
	case HOOK_UNBIND:
		nmtx_binding_unbound(arg0);
		break;
	case HOOK_FREE:
		if (nmtx_binding_free_is_ours(arg0))
			target = nmtx_binding_free_work;
		break;
	}
	if (target)
		ftrace_regs_set_instruction_pointer(fregs, (unsigned long)target);
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
 * nmtx_hooks_install - put the hooks in place
 *
 * Context: process context, module init, after nmtx_symbols_resolve().
 * Return: 0, or a negative errno that was explained on the log.
 */
int __init nmtx_hooks_install(void)
{
	unsigned long addrs[HOOKS];
	int i, err;

	for (i = 0; i < HOOKS; i++) {
		hooks[i].addr = nmtx_symbol(hooks[i].name);
		if (!hooks[i].addr)
			return -ENOENT;
		addrs[i] = hooks[i].addr;
	}
	for (i = 0; i < HOOKS; i++) {
		err = ftrace_set_filter_ip(&load_ops, addrs[i], 0, 0);
		if (err) {
			pr_err("refused: ftrace cannot hook %s (error %d)\n",
			       hooks[i].name, err);
			goto free_filter;
		}
	}
	err = register_ftrace_function(&load_ops);
	if (!err)
		return 0;
	pr_err("refused: ftrace does not take the hooks of bind-tx and sendmsg (error %d): %s\n",
	       err, "a livepatch or kprobe owns one of them, or kernel.ftrace_enabled is 0");
free_filter:
	ftrace_free_filter(&load_ops);
	return err;
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
 * cannot be taken out. An unload that went on would crash the kernel.
 *
 * Context: process context, module exit. Does not return.
 */
void nmtx_hooks_stuck(int err)
{
	pr_err("ftrace does not let go of a hook (error %d): the module stays until reboot\n",
	       err);
	for (;;)
		schedule_timeout_idle(MAX_SCHEDULE_TIMEOUT);
}
