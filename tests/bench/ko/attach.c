// SPDX-License-Identifier: GPL-2.0
/* What ftrace itself takes to attach and detach a direct call. */
#include <linux/ftrace.h>
#include <linux/string.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "bench.h"

void bench_stub(void);

static struct ftrace_ops ops;

/**
 * bench_attach - attach and detach an empty direct call once
 * @addrs: functions
 * @n: how many
 * @attach: instructions for the one
 * @detach: instructions for the other, waiting included
 *
 * Return: 0 or what ftrace says.
 */
int bench_attach(unsigned long *addrs, unsigned int n, u64 *attach, u64 *detach)
{
	u64 start;
	int err;

	memset(&ops, 0, sizeof(ops));
	start = rdtsc_ordered();
	err = ftrace_set_filter_ips(&ops, addrs, n, 0, 1) ?:
	      register_ftrace_direct(&ops, (unsigned long)bench_stub);
	*attach = rdtsc_ordered() - start;
	if (err) {
		ftrace_free_filter(&ops);
		return err;
	}
	start = rdtsc_ordered();
	err = unregister_ftrace_direct(&ops, (unsigned long)bench_stub, true);
	*detach = rdtsc_ordered() - start;
	return err;
}
