// SPDX-License-Identifier: GPL-2.0
/*
 * The hook on the transmit path: validate_xmit_skb(), skb_segment() and
 * skb_copy_and_csum_bits().
 *
 * It is there only while it can matter: the first lease or binding attaches
 * it, delayed work takes it off some time after the last is gone.
 *
 *        get, first user                    put, last user
 *   OFF ────────────────► DIRECT/IPMODIFY ────────────────► linger ──► OFF
 *                               ▲                             │
 *                               └───────── get ───────────────┘
 *
 * DIRECT is a direct call of our stub and the cheapest; a function has one
 * owner of it, often BPF. IPMODIFY is the fallback; its one owner may be a
 * livepatch or a kprobe that changes execution.
 */
#include "netmem_tx.h"

#include <linux/ftrace.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "hooks.h"
#include "resume.h"
#include "symbols.h"
#include "validate.h"
#include "xmit_hook.h"
#include "xmit_redirect.h"

/* How long the hook stays after its last user, so that users may flap. */
#define NMTX_LINGER (10 * HZ)

static char *hook = "auto";
module_param(hook, charp, 0444);
MODULE_PARM_DESC(hook, "transmit hook: auto, direct or ipmodify (default auto)");

static char *attach = "auto";
module_param(attach, charp, 0444);
MODULE_PARM_DESC(attach, "when the transmit hook is there: auto (while a lease or binding needs it) or always");

static enum netmem_tx_nl_backend wanted;
static enum netmem_tx_nl_backend backend;	/* AUTO: not attached */
static bool always;
static bool closing;			/* being unloaded; set under both locks */
static unsigned int users;
static DEFINE_MUTEX(hook_lock);			/* attach and detach */
static DEFINE_SPINLOCK(users_lock);

static const char *owned;		/* why IPMODIFY was refused last */

static unsigned long validate_addr;
static unsigned long segment_addr;
static unsigned long copy_addr;

static void detach_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(detach_later, detach_work);

static struct ftrace_ops direct_ops;

/* @ip is inside the entry of the function at @addr: landing pad and call. */
static bool entry_of(unsigned long addr, unsigned long ip)
{
	return ip - addr < 16;
}

/**
 * nmtx_xmit_redirect - what to do with an unreadable packet
 * @skb: the packet
 * @arg2: second argument of the function that was entered
 * @ip: an address in the entry of that function
 *
 * Context: from ftrace or the stub, on entry of the hooked functions.
 * Return: NMTX_REDIRECT_*.
 */
int nmtx_xmit_redirect(struct sk_buff *skb, unsigned long arg2,
		       unsigned long ip)
{
	if (entry_of(validate_addr, ip))
		return nmtx_validate_is_ours(skb, (void *)arg2) ?
		       NMTX_REDIRECT_VALIDATE : NMTX_REDIRECT_NO;
	if (entry_of(segment_addr, ip))
		return nmtx_segment_is_ours(skb, arg2) ?
		       NMTX_REDIRECT_SEGMENT : NMTX_REDIRECT_NO;
	if (entry_of(copy_addr, ip))
		return NMTX_REDIRECT_COPY;
	return NMTX_REDIRECT_NO;
}

/* Where the packet's function goes on: in @ours, or where it would anyway. */
static __always_inline void go_on(struct ftrace_regs *fregs, void *ours,
				  int which, void (*resume)(void))
{
	if (unlikely(ours))
		ftrace_regs_set_instruction_pointer(fregs, (unsigned long)ours);
	else if (unlikely(nmtx_resume_needed(fregs)))
		nmtx_resume(fregs, which, resume);
}

/* Apart, so that the handlers need no stack for readable packets. */
static noinline void notrace validate_unreadable(struct ftrace_regs *fregs)
{
	struct sk_buff *skb = (void *)ftrace_regs_get_argument(fregs, 0);
	void *dev = (void *)ftrace_regs_get_argument(fregs, 1);

	go_on(fregs, nmtx_validate_is_ours(skb, dev) ?
	      nmtx_validate_xmit_skb : NULL,
	      NMTX_RESUME_VALIDATE, nmtx_resume_validate);
}

static noinline void notrace segment_unreadable(struct ftrace_regs *fregs)
{
	struct sk_buff *skb = (void *)ftrace_regs_get_argument(fregs, 0);
	unsigned long features = ftrace_regs_get_argument(fregs, 1);

	go_on(fregs, nmtx_segment_is_ours(skb, features) ?
	      nmtx_segment_refused : NULL,
	      NMTX_RESUME_SEGMENT, nmtx_resume_segment);
}

static void notrace validate_handler(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops,
				     struct ftrace_regs *fregs)
{
	struct sk_buff *skb = (void *)ftrace_regs_get_argument(fregs, 0);

	if (unlikely(!skb_frags_readable(skb)))
		validate_unreadable(fregs);
	else
		go_on(fregs, NULL, NMTX_RESUME_VALIDATE, nmtx_resume_validate);
}

static void notrace segment_handler(unsigned long ip, unsigned long parent_ip,
				    struct ftrace_ops *ops,
				    struct ftrace_regs *fregs)
{
	struct sk_buff *skb = (void *)ftrace_regs_get_argument(fregs, 0);

	if (unlikely(!skb_frags_readable(skb)))
		segment_unreadable(fregs);
	else
		go_on(fregs, NULL, NMTX_RESUME_SEGMENT, nmtx_resume_segment);
}

static void notrace copy_handler(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops,
				 struct ftrace_regs *fregs)
{
	struct sk_buff *skb = (void *)ftrace_regs_get_argument(fregs, 0);

	if (unlikely(!skb_frags_readable(skb)))
		go_on(fregs, nmtx_copy_and_csum_bits, NMTX_RESUME_COPY,
		      nmtx_resume_copy);
	else
		go_on(fregs, NULL, NMTX_RESUME_COPY, nmtx_resume_copy);
}

/*
 * One for each function. An ops of several that is refused for one of them
 * would leave BPF programs on the others in their mode of sharing, which is
 * fatal on hosts with indirect branch tracking once nobody shares.
 */
static const char * const function_names[] = {
	"validate_xmit_skb", "skb_segment", "skb_copy_and_csum_bits",
};

static struct ftrace_ops ipmodify_ops[ARRAY_SIZE(function_names)] = {
	{
		.func = validate_handler,
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
	}, {
		.func = segment_handler,
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
	}, {
		.func = copy_handler,
		.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
	},
};

static int detach_ipmodify(unsigned int n)
{
	int err;

	while (n--) {
		err = unregister_ftrace_function(&ipmodify_ops[n]);
		if (err)
			return err;
		ftrace_free_filter(&ipmodify_ops[n]);
	}
	return 0;
}

/* What ftrace said when it did not let go of an attempt: then we have to stay. */
static int left_attached;

static int attach_ipmodify(void)
{
	const unsigned long ips[] = { validate_addr, segment_addr, copy_addr };
	static unsigned long hold_off;
	unsigned int i;
	int err;

	if (left_attached)
		return left_attached;
	if (hold_off && time_before(jiffies, hold_off))
		return -EBUSY;
	for (i = 0; i < ARRAY_SIZE(ipmodify_ops); i++) {
		err = ftrace_set_filter_ip(&ipmodify_ops[i], ips[i], 0, 1) ?:
		      nmtx_hooks_register(&ipmodify_ops[i]);
		if (err)
			goto undo;
	}
	hold_off = 0;
	return 0;

undo:
	ftrace_free_filter(&ipmodify_ops[i]);
	owned = function_names[i];
	/* To undo takes long; bind-tx needs no privilege to try it again. */
	if (i)
		hold_off = jiffies + HZ;
	left_attached = detach_ipmodify(i);
	return left_attached ?: err;
}

/* Would a direct call be refused? A livepatch refuses IPMODIFY, too. */
static int ask_with_ipmodify(void)
{
	int err = attach_ipmodify();

	if (err)
		return err;
	left_attached = detach_ipmodify(ARRAY_SIZE(ipmodify_ops));
	return left_attached;
}

static int attach_direct(void)
{
	unsigned long ips[] = { validate_addr, segment_addr, copy_addr };
	int err;

	if (NMTX_REFUSED_DIRECT_STAYS) {
		err = ask_with_ipmodify();
		if (err)
			return err;
	}
	/* What an earlier registration left in it must not be there. */
	memset(&direct_ops, 0, sizeof(direct_ops));
	err = ftrace_set_filter_ips(&direct_ops, ips, ARRAY_SIZE(ips), 0, 1);
	if (!err)
		err = register_ftrace_direct(&direct_ops,
					     (unsigned long)nmtx_xmit_stub);
	if (err)
		ftrace_free_filter(&direct_ops);
	return err;
}

static int attach_hook(void)
{
	int err = -EBUSY;

	if (wanted != NETMEM_TX_NL_BACKEND_IPMODIFY) {
		err = attach_direct();
		if (!err)
			backend = NETMEM_TX_NL_BACKEND_DIRECT;
	}
	if (err && wanted != NETMEM_TX_NL_BACKEND_DIRECT) {
		err = attach_ipmodify();
		if (!err)
			backend = NETMEM_TX_NL_BACKEND_IPMODIFY;
	}
	return err;
}

static int detach_hook(void)
{
	int err = 0;

	switch (backend) {
	case NETMEM_TX_NL_BACKEND_DIRECT:
		err = unregister_ftrace_direct(&direct_ops,
					       (unsigned long)nmtx_xmit_stub,
					       true);
		break;
	case NETMEM_TX_NL_BACKEND_IPMODIFY:
		err = detach_ipmodify(ARRAY_SIZE(ipmodify_ops));
		break;
	default:
		break;
	}
	if (!err)
		backend = NETMEM_TX_NL_BACKEND_AUTO;
	return err;
}

static void detach_work(struct work_struct *work)
{
	bool unused;

	mutex_lock(&hook_lock);
	spin_lock_bh(&users_lock);
	unused = !users;
	spin_unlock_bh(&users_lock);
	if (unused)
		detach_hook();
	mutex_unlock(&hook_lock);
}

static void explain(struct netlink_ext_ack *extack, int err)
{
	if (err != -EBUSY)
		NL_SET_ERR_MSG(extack, "ftrace does not take the transmit hook");
	else if (wanted == NETMEM_TX_NL_BACKEND_DIRECT)
		NL_SET_ERR_MSG(extack, "Transmit hook is taken: another has a direct call, often BPF, or a livepatch; hook=auto may find a way");
	else
		NL_SET_ERR_MSG_FMT(extack, "Transmit hook is taken: %s has a livepatch or kprobe",
				   owned);
}

/**
 * nmtx_xmit_hook_get - have the transmit hook in place
 * @extack: gets the reason of a refusal; may be NULL
 *
 * Attaching takes 10 to 30 ms, and waits for anyone who attaches or detaches.
 *
 * Context: process context, no RTNL, no instance lock.
 * Return: 0; -EBUSY when others own the functions; other errors of ftrace.
 */
int nmtx_xmit_hook_get(struct netlink_ext_ack *extack)
{
	int err = 0;

	mutex_lock(&hook_lock);
	if (closing)
		err = -ESHUTDOWN;
	else if (backend == NETMEM_TX_NL_BACKEND_AUTO)
		err = attach_hook();
	if (!err) {
		spin_lock_bh(&users_lock);
		users++;
		spin_unlock_bh(&users_lock);
	} else {
		explain(extack, err);
	}
	mutex_unlock(&hook_lock);
	return err;
}

/**
 * nmtx_xmit_hook_put - one user less of the transmit hook
 *
 * Context: process context, any locks.
 */
void nmtx_xmit_hook_put(void)
{
	spin_lock_bh(&users_lock);
	if (!--users && !closing)
		mod_delayed_work(system_long_wq, &detach_later, NMTX_LINGER);
	spin_unlock_bh(&users_lock);
}

/**
 * nmtx_xmit_hook_backend - how the transmit hook is attached
 *
 * Context: any.
 * Return: DIRECT or IPMODIFY, AUTO when it is not attached.
 */
enum netmem_tx_nl_backend nmtx_xmit_hook_backend(void)
{
	return READ_ONCE(backend);
}

/**
 * nmtx_xmit_hook_wanted - what the parameter hook= asks for
 *
 * Context: any.
 * Return: the parameter.
 */
enum netmem_tx_nl_backend nmtx_xmit_hook_wanted(void)
{
	return wanted;
}

/**
 * nmtx_xmit_hook_always - is the hook there from load to unload?
 *
 * Context: any.
 * Return: true for attach=always.
 */
bool nmtx_xmit_hook_always(void)
{
	return always;
}

static int __init parse_params(void)
{
	if (!strcmp(hook, "direct"))
		wanted = NETMEM_TX_NL_BACKEND_DIRECT;
	else if (!strcmp(hook, "ipmodify"))
		wanted = NETMEM_TX_NL_BACKEND_IPMODIFY;
	else if (strcmp(hook, "auto"))
		goto bad_hook;

	always = !strcmp(attach, "always");
	if (!always && strcmp(attach, "auto"))
		goto bad_attach;
	return 0;

bad_hook:
	pr_err("refused: hook=%s; auto, direct and ipmodify are known\n", hook);
	return -EINVAL;
bad_attach:
	pr_err("refused: attach=%s; auto and always are known\n", attach);
	return -EINVAL;
}

/**
 * nmtx_xmit_hook_init - find the functions, read the parameters
 *
 * Context: process context, module init, after nmtx_hooks_install(): that ops
 * is what keeps kernel.ftrace_enabled from being switched off under us.
 * Return: 0, or a negative errno that was explained on the log.
 */
int __init nmtx_xmit_hook_init(void)
{
	int err = parse_params();

	if (err)
		return err;
	validate_addr = nmtx_symbol(function_names[0]);
	segment_addr = nmtx_symbol(function_names[1]);
	copy_addr = nmtx_symbol(function_names[2]);
	if (!validate_addr || !segment_addr || !copy_addr)
		return -ENOENT;
	if (!always)
		return 0;
	err = nmtx_xmit_hook_get(NULL);
	if (err && owned)
		pr_err("refused: attach=always, but %s has a livepatch or kprobe (error %d)\n",
		       owned, err);
	else if (err)
		pr_err("refused: attach=always, hook=%s, but another has a direct call, often BPF, or a livepatch (error %d)\n",
		       hook, err);
	if (left_attached)
		nmtx_hooks_stuck(left_attached);
	return err;
}

/**
 * nmtx_xmit_hook_exit - take the hook off for good
 *
 * Returns when no CPU is in its code any more. Users may still go away.
 *
 * Context: process context, module exit.
 */
void nmtx_xmit_hook_exit(void)
{
	int err;

	mutex_lock(&hook_lock);
	/* Nobody begins to linger after this. */
	spin_lock_bh(&users_lock);
	closing = true;
	spin_unlock_bh(&users_lock);
	err = detach_hook() ?: left_attached;
	mutex_unlock(&hook_lock);
	cancel_delayed_work_sync(&detach_later);
	if (err)
		nmtx_hooks_stuck(err);
}
