/* SPDX-License-Identifier: GPL-2.0 */
/* What the module cannot do without. Checked when it is built. */
#ifndef NETMEM_TX_COMPAT_CONFIG_H
#define NETMEM_TX_COMPAT_CONFIG_H

#include <linux/version.h>

#if !defined(CONFIG_NET_DEVMEM) || !defined(CONFIG_NETKIT) || \
	!defined(CONFIG_FUNCTION_TRACER) || \
	!defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) || \
	!defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS) || \
	!defined(CONFIG_KPROBES) || !defined(CONFIG_KALLSYMS_ALL) || \
	!defined(CONFIG_DEBUG_INFO_BTF) || !defined(CONFIG_BPF_SYSCALL) || \
	!defined(CONFIG_SYSFS) || !defined(CONFIG_NETFILTER)
#error "netmem-tx needs CONFIG_NET_DEVMEM, NETKIT, FUNCTION_TRACER, DYNAMIC_FTRACE_WITH_ARGS, DYNAMIC_FTRACE_WITH_DIRECT_CALLS, KPROBES, KALLSYMS_ALL, DEBUG_INFO_BTF, BPF_SYSCALL, SYSFS and NETFILTER"
#endif

/* Hooks take spinlocks where preemption may be off. */
#ifdef CONFIG_PREEMPT_RT
#error "netmem-tx does not run with PREEMPT_RT"
#endif

/*
 * Unexported functions have no landing pad for indirect branches. They are
 * reached by inline static calls, which are direct branches on x86-64 only.
 */
#if !defined(CONFIG_X86_64) || !defined(CONFIG_HAVE_STATIC_CALL_INLINE)
#error "netmem-tx needs x86-64 with inline static calls"
#endif

/* The range that was read and tested. */
#define NMTX_KERNEL_IN_RANGE \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0))

/* Netfilter reads all packets that it logs or queues to user space: mended in 7.1. */
#define NMTX_NETFILTER_READS (LINUX_VERSION_CODE < KERNEL_VERSION(7, 1, 0))

/* Who reads a packet to sign it, by TCP-MD5 or TCP-AO. */
#define NMTX_TCP_SIGPOOL IS_BUILTIN(CONFIG_TCP_SIGPOOL)
#if defined(HAVE_TCP_MD5_LIB) && defined(CONFIG_TCP_MD5SIG)
#define NMTX_TCP_MD5_LIB 1
#else
#define NMTX_TCP_MD5_LIB 0
#endif

/*
 * register_ftrace_direct() that is refused after it looked at its own table
 * leaves its entry there, and nobody gets a direct call to that function until
 * the next boot. 6.18 has the mend, and so has 6.17.13.
 */
#define NMTX_REFUSED_DIRECT_STAYS \
	(LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0))

#endif
