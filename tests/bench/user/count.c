// SPDX-License-Identifier: GPL-2.0
/*
 * Under QEMU's -icount shift=0 the time stamp counter counts instructions; an
 * idle CPU advances it without any. So where waiting is part of what is
 * measured, a spinner keeps the CPU busy and is taken off.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "util.h"

#define SPIN_INSTRUCTIONS 2	/* of one round below */

static volatile uint64_t *spins;
static pid_t spinner;

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

uint64_t *counts_new(unsigned int n)
{
	uint64_t *counts = calloc(n ? n : 1, sizeof(*counts));

	if (!counts || !n)
		die("%u rounds", n);
	return counts;
}

void counts_say(const char *name, uint64_t *counts, unsigned int n)
{
	qsort(counts, n, sizeof(*counts), compare);
	say("%s min=%llu median=%llu n=%u\n", name,
	    (unsigned long long)counts[0],
	    (unsigned long long)counts[n / 2], n);
}

static void __attribute__((noreturn)) spin(void)
{
	struct sched_param param = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_IDLE, &param))
		die("SCHED_IDLE");
	for (;;)
		asm volatile("1: incq (%0)\n\tjmp 1b" : : "r"(spins) : "memory");
}

void spinner_start(void)
{
	spins = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (spins == MAP_FAILED)
		die("memory");
	spinner = fork();
	if (spinner < 0)
		die("fork");
	if (!spinner)
		spin();
	usleep(20000);
	if (!*spins)
		die("the spinner does not run");
}

void spinner_stop(void)
{
	kill(spinner, SIGKILL);
	waitpid(spinner, NULL, 0);
}

uint64_t spinner_work(void)
{
	return count_now() - SPIN_INSTRUCTIONS * *spins;
}

void bench_module(const char *command)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/nmtx_bench", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, command, strlen(command)) < 0)
		die("nmtx_bench: %s", command);
}
