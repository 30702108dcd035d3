// SPDX-License-Identifier: GPL-2.0
/*
 * Take a container's packets from its netkit to a NIC and back, past the
 * host's stack.
 *
 *	to_nic		netkit, packets that the container sends
 *	to_netkit	tcx ingress of the NIC, packets for the container
 *
 * Payload is never looked at, so packets of device memory pass.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* NETKIT_NEXT and TCX_NEXT: the next program, or the device's default */
#define NEXT	-1

/* An IPv4 address is kept as ::ffff:a.b.c.d. */
struct addr {
	__be32 word[4];
};

/* Set by the loader. */
const volatile __u32 netkit_ifindex;
const volatile __u32 nic_ifindex;

/* Addresses of the container. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct addr);
	__type(value, __u8);
} guest_addrs SEC(".maps");

/* Addresses of the host: packets for them go to its stack. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct addr);
	__type(value, __u8);
} host_addrs SEC(".maps");

/* The destination address; false when the packet has none that we know. */
static __always_inline bool get_daddr(struct __sk_buff *skb, struct addr *addr)
{
	__u32 off;

	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		off = __builtin_offsetof(struct ipv6hdr, daddr);
		return !bpf_skb_load_bytes_relative(skb, off, addr, 16,
						    BPF_HDR_START_NET);
	}
	if (skb->protocol != bpf_htons(ETH_P_IP))
		return false;
	addr->word[0] = 0;
	addr->word[1] = 0;
	addr->word[2] = bpf_htonl(0xffff);
	off = __builtin_offsetof(struct iphdr, daddr);
	return !bpf_skb_load_bytes_relative(skb, off, &addr->word[3], 4,
					    BPF_HDR_START_NET);
}

/* Multicast, broadcast and link-local packets are the host's. */
static __always_inline bool is_routable(const struct __sk_buff *skb,
					const struct addr *addr)
{
	__u32 top;

	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		top = bpf_ntohl(addr->word[0]);
		return top >> 24 != 0xff && top >> 22 != 0xfe80 >> 6;
	}
	top = bpf_ntohl(addr->word[3]);
	return top >> 28 < 0xe && top >> 16 != 0xa9fe;
}

SEC("netkit/peer")
int to_nic(struct __sk_buff *skb)
{
	struct addr addr;

	if (!get_daddr(skb, &addr) || !is_routable(skb, &addr) ||
	    bpf_map_lookup_elem(&host_addrs, &addr))
		return NEXT;
	return bpf_redirect_neigh(nic_ifindex, NULL, 0, 0);
}

SEC("tcx/ingress")
int to_netkit(struct __sk_buff *skb)
{
	struct addr addr;

	if (!get_daddr(skb, &addr) ||
	    !bpf_map_lookup_elem(&guest_addrs, &addr))
		return NEXT;
	return bpf_redirect_peer(netkit_ifindex, 0);
}

char _license[] SEC("license") = "GPL";
