/* SPDX-License-Identifier: GPL-2.0 */
/* Counts of guest instructions seen from user space; see count.c. */
#ifndef NMTX_BENCH_USER_H
#define NMTX_BENCH_USER_H

#include <stdint.h>
#include <x86intrin.h>

/* Instructions executed since boot, and time spent idle, in nanoseconds. */
static inline uint64_t count_now(void)
{
	unsigned int cpu;

	return __rdtscp(&cpu);
}

/* Print "NAME min=... median=... n=..."; sorts @counts. */
void counts_say(const char *name, uint64_t *counts, unsigned int n);

uint64_t *counts_new(unsigned int n);

/*
 * A process that runs only when nothing else does, so that the CPU is never
 * idle, and that knows how many instructions it took: work = all - its own.
 */
void spinner_start(void);
void spinner_stop(void);
/* Instructions of all others since boot. */
uint64_t spinner_work(void);

/* Tell the module nmtx_bench something. */
void bench_module(const char *command);

int cmd_send(int argc, char **argv);
int cmd_bind(int argc, char **argv);
int cmd_hold(int argc, char **argv);
int cmd_lease(int argc, char **argv);
int cmd_netkits(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_unload(int argc, char **argv);

#endif
