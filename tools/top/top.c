// SPDX-License-Identifier: GPL-2.0
/* Load the BPF program of nmtx top, and read what it counted; see top.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "top.h"
#include "top.skel.h"

/* As in top.bpf.c. */
struct top_count {
	uint64_t packets;
	uint64_t bytes;
};

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
	return 0;
}

/**
 * top_start() - begin to count
 *
 * It ends with top_stop(), or with the process.
 *
 * Return: what the other functions take; NULL with errno set.
 */
struct top_bpf *top_start(void)
{
	struct top_bpf *skel;
	int err;

	libbpf_set_print(quiet);
	skel = top_bpf__open_and_load();
	if (!skel)
		return NULL;
	err = top_bpf__attach(skel);
	if (!err)
		return skel;
	top_bpf__destroy(skel);
	errno = -err;
	return NULL;
}

/**
 * top_stop() - count no more
 * @skel: from top_start()
 */
void top_stop(struct top_bpf *skel)
{
	top_bpf__destroy(skel);
}

static int by_id(const void *a, const void *b)
{
	uint32_t left = ((const struct top_binding *)a)->id;
	uint32_t right = ((const struct top_binding *)b)->id;

	return (left > right) - (left < right);
}

/**
 * top_read() - what was counted by now
 * @skel: from top_start()
 * @table: gets it, by id
 * @size: of the table; more bindings are left out
 *
 * Return: number of bindings, or -errno.
 */
int top_read(struct top_bpf *skel, struct top_binding *table, int size)
{
	int cpus = libbpf_num_possible_cpus(), cpu, n = 0;
	struct top_count *counts;
	uint32_t *last = NULL, id;

	if (cpus < 0)
		return cpus;
	counts = calloc((size_t)cpus, sizeof(*counts));
	if (!counts)
		return -ENOMEM;
	while (n < size &&
	       !bpf_map__get_next_key(skel->maps.counts, last, &id, sizeof(id))) {
		table[n] = (struct top_binding){ .id = id };
		last = &table[n].id;
		if (bpf_map__lookup_elem(skel->maps.counts, &id, sizeof(id), counts,
					 (size_t)cpus * sizeof(*counts), 0))
			continue;
		for (cpu = 0; cpu < cpus; cpu++) {
			table[n].packets += counts[cpu].packets;
			table[n].bytes += counts[cpu].bytes;
		}
		n++;
	}
	free(counts);
	qsort(table, (size_t)n, sizeof(*table), by_id);
	return n;
}
