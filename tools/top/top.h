/* SPDX-License-Identifier: GPL-2.0 */
/* Counts of packets by binding, kept by a BPF program while it is loaded. */
#ifndef TOP_H
#define TOP_H

#include <stdint.h>

struct top_bpf;

/**
 * struct top_binding - what was sent by a binding
 * @id: dmabuf id; 0 for unreadable packets of others
 * @packets: since top_start()
 * @bytes: since top_start(), with headers
 */
struct top_binding {
	uint32_t id;
	uint64_t packets;
	uint64_t bytes;
};

struct top_bpf *top_start(void);
void top_stop(struct top_bpf *skel);
int top_read(struct top_bpf *skel, struct top_binding *table, int size);

#endif /* TOP_H */
