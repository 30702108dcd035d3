// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx top: count the packets of each binding, at the module's tracepoint.
 * While it does not run, nothing is counted and nothing is paid.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* The event netmem_tx:netmem_tx_pass, as its "format" file has it. */
struct pass_event {
	__u64 common;
	const void *skb;
	int ifindex;
	unsigned int len;
	__u32 id;
};

struct top_count {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct top_count);
} counts SEC(".maps");

SEC("tracepoint/netmem_tx/netmem_tx_pass")
int count_pass(struct pass_event *event)
{
	struct top_count first = { 1, event->len }, *count;
	__u32 id = event->id;

	count = bpf_map_lookup_elem(&counts, &id);
	if (count) {
		count->packets++;
		count->bytes += event->len;
	} else {
		bpf_map_update_elem(&counts, &id, &first, BPF_NOEXIST);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
