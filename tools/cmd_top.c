// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmtx top: what each binding sends, once a second. The module keeps no
 * counters for each binding, so that sends do not pay for them; a BPF program
 * at its tracepoint counts while this runs.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nmtx.h"

static const char usage[] =
	"Usage: nmtx top [ interval SECONDS ] [ count TIMES ]\n";

#ifdef HAVE_REDIRECT

#include "top/top.h"

#define TOP_MAX	65536

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* What a binding had at the last look; both tables are sorted by id. */
static struct top_binding before(const struct top_binding *table, int n,
				 uint32_t id)
{
	struct top_binding none = { .id = id };
	int low = 0, high = n, middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (table[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && table[low].id == id ? table[low] : none;
}

static void print_rates(const struct top_binding *now,
			const struct top_binding *last, double seconds)
{
	if (now->packets <= last->packets)
		return;
	out_record_begin();
	out_uint("id", now->id);
	out_uint("packets_per_s",
		 (uint64_t)((double)(now->packets - last->packets) / seconds + .5));
	out_uint("bytes_per_s",
		 (uint64_t)((double)(now->bytes - last->bytes) / seconds + .5));
	out_uint("packets", now->packets);
	out_uint("bytes", now->bytes);
	out_record_end();
	out_flush_record();
}

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) +
	       (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

static int run(struct top_bpf *skel, uint32_t interval, uint32_t count)
{
	static struct top_binding tables[2][TOP_MAX];
	struct top_binding *now, last;
	struct timespec then;
	double seconds;
	int n[2] = { 0 }, i, turn = 0;

	clock_gettime(CLOCK_MONOTONIC, &then);
	while (!stopped) {
		sleep(interval);
		seconds = seconds_since(&then);
		clock_gettime(CLOCK_MONOTONIC, &then);
		now = tables[turn];
		n[turn] = top_read(skel, now, TOP_MAX);
		if (n[turn] < 0)
			return nl_fail(NULL, n[turn], "top");
		for (i = 0; i < n[turn]; i++) {
			last = before(tables[!turn], n[!turn], now[i].id);
			print_rates(&now[i], &last, seconds);
		}
		turn = !turn;
		if (count && !--count)
			break;
	}
	return EXIT_OK;
}

static int top(uint32_t interval, uint32_t count)
{
	struct sigaction action = { .sa_handler = stop };
	struct top_bpf *skel;
	struct tx tx;
	int ret;

	/* Says it when the module is not loaded. */
	if (tx_open(&tx))
		return EXIT_RUNTIME;
	tx_close(&tx);
	skel = top_start();
	if (!skel)
		return nl_fail(NULL, -errno, "cannot count at the tracepoint");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	ret = run(skel, interval, count);
	top_stop(skel);
	return ret;
}

int do_top(struct args *args)
{
	const char *interval_word = NULL, *count_word = NULL;
	const struct keyword table[] = {
		{ "interval", &interval_word },
		{ "count", &count_word },
		{ NULL, NULL },
	};
	uint32_t interval = 1, count = 0;
	int ret;

	if (args->argc && !strcmp(args->argv[0], "help"))
		return usage_help(usage);
	ret = parse_keywords(table, args, usage);
	if (ret)
		return ret;
	if (interval_word && (parse_u32(interval_word, &interval) || !interval))
		return usage_fail(usage, "not a number of seconds: %s", interval_word);
	if (count_word && parse_u32(count_word, &count))
		return usage_fail(usage, "not a number: %s", count_word);
	return top(interval, count);
}

#else

int do_top(struct args *args)
{
	if (args->argc && !strcmp(args->argv[0], "help"))
		return usage_help(usage);
	return fail("built without top: it needs clang and bpftool at build time");
}

#endif
