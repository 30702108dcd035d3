// SPDX-License-Identifier: GPL-2.0
/*
 * Watch the TCP segments that come in on a device: are their checksums good,
 * and is each byte the one of devmem_send's pattern at its place in the
 * stream? It sees what a receiver's TCP would throw away, too. Receive
 * offloads that merge packets (gro, lro) must be off.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "opts.h"
#include "util.h"

/**
 * struct counts - what came since the last report
 * @packets: TCP segments for the port, fragments too
 * @data: those with payload
 * @bytes: their payload, with what was sent again
 * @fragments: IP fragments
 * @bad_ip: wrong checksum of the IPv4 header
 * @bad_tcp: wrong checksum of TCP
 * @bad: payload bytes that are not those of the pattern
 * @zeros: those of them that are 0
 * @unknown: segments with payload but without a SYN before
 */
struct counts {
	uint64_t packets, data, bytes, fragments;
	uint64_t bad_ip, bad_tcp, bad, zeros, unknown;
};

static struct options {
	const char *dev;
	uint64_t port;
	uint64_t timeout;
	uint64_t seed;
	uint64_t offset;
	uint64_t length;
} opt = { .port = 5201, .timeout = 3600, .seed = 1 };

static struct counts now, all;
static uint32_t first_seq[65536];	/* by the sender's port */
static bool have_seq[65536];

/* The fragmented packet that came last, IPv4 only. */
static struct {
	uint16_t id;
	bool known;
	uint32_t pos;	/* in the stream, of the byte after the IP header */
} frag;

static const char help[] =
"usage: wire_check --dev DEV [--port N] [--timeout SEC]\n"
"                  [--seed N] [--offset N] [--length N]\n"
"  --seed, --offset, --length: those of devmem_send\n"
"SIGUSR1: report what came since the last report. SIGTERM: report all, end.\n"
"exit: 0 all good, 1 setup, 7 wrong bytes or checksums, or not all was seen\n";

static const struct opt_def defs[] = {
	{ "dev", .text = &opt.dev },
	{ "port", .num = &opt.port },
	{ "timeout", .num = &opt.timeout },
	{ "seed", .num = &opt.seed },
	{ "offset", .num = &opt.offset },
	{ "length", .num = &opt.length },
	{ NULL },
};

/* The one's complement sum of the internet checksum, not folded. */
static uint64_t sum(uint64_t acc, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		acc += data[i] << 8 | data[i + 1];
	if (len & 1)
		acc += data[len - 1] << 8;
	return acc;
}

static bool sum_is_good(uint64_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return acc == 0xffff;
}

static void check_payload(const uint8_t *got, size_t len, uint64_t pos)
{
	uint8_t want[65536];
	size_t i, n;

	for (; len; len -= n, got += n, pos += n) {
		uint64_t at = opt.length ? pos % opt.length : pos;

		n = len;
		if (opt.length && n > opt.length - at)
			n = opt.length - at;
		pattern_fill(want, n, opt.seed, opt.offset + at);
		for (i = 0; i < n; i++) {
			now.bad += got[i] != want[i];
			now.zeros += got[i] != want[i] && !got[i];
		}
	}
}

/* @cut: only the first fragment of it is here. */
static void check_tcp(const uint8_t *data, size_t len, uint64_t pseudo, bool cut)
{
	const struct tcphdr *th = (const void *)data;
	uint16_t port;
	size_t hdr;

	if (len < sizeof(*th) || ntohs(th->dest) != opt.port)
		return;
	hdr = th->doff * 4;
	if (hdr < sizeof(*th) || hdr > len)
		return;
	now.packets++;
	if (!cut && !sum_is_good(sum(pseudo, data, len)))
		now.bad_tcp++;
	port = ntohs(th->source);
	if (th->syn) {
		first_seq[port] = ntohl(th->seq) + 1;
		have_seq[port] = true;
	}
	if (cut) {
		frag.known = have_seq[port];
		frag.pos = ntohl(th->seq) - first_seq[port] - hdr;
	}
	if (len == hdr)
		return;
	now.data++;
	now.bytes += len - hdr;
	if (have_seq[port])
		check_payload(data + hdr, len - hdr,
			      ntohl(th->seq) - first_seq[port]);
	else
		now.unknown++;
}

/* A fragment that is not the first one. */
static void check_rest(const uint8_t *data, size_t len, size_t off, uint16_t id)
{
	if (!frag.known || frag.id != id)
		return;
	now.packets++;
	now.fragments++;
	now.bytes += len;
	check_payload(data, len, frag.pos + off);
}

static void check_ipv4(const uint8_t *data, size_t len)
{
	const struct iphdr *ip = (const void *)data;
	size_t hdr, off;
	bool more;

	if (len < sizeof(*ip) || ip->protocol != IPPROTO_TCP)
		return;
	hdr = ip->ihl * 4;
	if (ntohs(ip->tot_len) > len || hdr > ntohs(ip->tot_len))
		return;
	len = ntohs(ip->tot_len) - hdr;
	if (!sum_is_good(sum(0, data, hdr)))
		now.bad_ip++;
	off = (ntohs(ip->frag_off) & IP_OFFMASK) * 8;
	more = ntohs(ip->frag_off) & IP_MF;
	if (off) {
		check_rest(data + hdr, len, off, ip->id);
		return;
	}
	if (more) {
		frag.id = ip->id;
		frag.known = false;
		now.fragments++;
	}
	check_tcp(data + hdr, len,
		  sum(IPPROTO_TCP + len, (const void *)&ip->saddr, 8), more);
}

static void check_ipv6(const uint8_t *data, size_t len)
{
	const struct ip6_hdr *ip = (const void *)data;
	size_t plen;

	if (len < sizeof(*ip) || ip->ip6_nxt != IPPROTO_TCP)
		return;
	plen = ntohs(ip->ip6_plen);
	if (sizeof(*ip) + plen > len)
		return;
	check_tcp(data + sizeof(*ip), plen,
		  sum(IPPROTO_TCP + plen, (const void *)&ip->ip6_src, 32),
		  false);
}

static void read_packets(int fd)
{
	static uint8_t buf[65536 + ETH_HLEN];
	struct sockaddr_ll from;
	ssize_t n;

	for (;;) {
		socklen_t len = sizeof(from);

		n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (void *)&from,
			     &len);
		if (n < 0)
			return;
		if (from.sll_pkttype == PACKET_OUTGOING || n < ETH_HLEN)
			continue;
		if (ntohs(from.sll_protocol) == ETH_P_IP)
			check_ipv4(buf + ETH_HLEN, n - ETH_HLEN);
		else if (ntohs(from.sll_protocol) == ETH_P_IPV6)
			check_ipv6(buf + ETH_HLEN, n - ETH_HLEN);
	}
}

static bool is_good(const struct counts *c)
{
	return !c->bad_ip && !c->bad_tcp && !c->bad && !c->unknown;
}

static void report(const char *what, const struct counts *c)
{
	say("%s: %s packets=%llu data=%llu bytes=%llu fragments=%llu ", what,
	    is_good(c) ? "good" : "wrong",
	    (unsigned long long)c->packets, (unsigned long long)c->data,
	    (unsigned long long)c->bytes, (unsigned long long)c->fragments);
	say("bad_ip=%llu bad_tcp=%llu bad=%llu zeros=%llu unknown=%llu\n",
	    (unsigned long long)c->bad_ip, (unsigned long long)c->bad_tcp,
	    (unsigned long long)c->bad, (unsigned long long)c->zeros,
	    (unsigned long long)c->unknown);
}

static void add_up(void)
{
	all.packets += now.packets;
	all.data += now.data;
	all.bytes += now.bytes;
	all.fragments += now.fragments;
	all.bad_ip += now.bad_ip;
	all.bad_tcp += now.bad_tcp;
	all.bad += now.bad;
	all.zeros += now.zeros;
	all.unknown += now.unknown;
	memset(&now, 0, sizeof(now));
}

static int open_device(void)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(opt.dev),
	};
	int fd, size = 32 << 20;

	if (!addr.sll_ifindex)
		die("device %s", opt.dev);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("packet socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (void *)&addr, sizeof(addr)))
		die("packet socket on %s", opt.dev);
	return fd;
}

static int open_signals(void)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		die("signalfd");
	return fd;
}

/* Packets that the kernel had no room for. */
static unsigned int lost(int fd)
{
	struct tpacket_stats stats = { 0 };
	socklen_t len = sizeof(stats);

	getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len);
	return stats.tp_drops;
}

static void watch(int fd, int signals)
{
	struct pollfd pfds[] = { { signals, POLLIN, 0 }, { fd, POLLIN, 0 } };
	int64_t deadline = deadline_in(opt.timeout);
	struct signalfd_siginfo info;

	while (poll(pfds, 2, left_ms(deadline)) > 0) {
		read_packets(fd);
		if (!pfds[0].revents)
			continue;
		if (read(signals, &info, sizeof(info)) != sizeof(info) ||
		    info.ssi_signo != SIGUSR1)
			return;
		report("wire", &now);
		add_up();
	}
}

int main(int argc, char **argv)
{
	unsigned int missed;
	int fd, signals;

	if (opts_parse(argc, argv, defs, help) != argc || !opt.dev)
		opts_help(help);
	fd = open_device();
	signals = open_signals();
	say("watching: dev=%s port=%d\n", opt.dev, (int)opt.port);
	watch(fd, signals);
	add_up();
	report("all", &all);
	missed = lost(fd);
	say("result: %s missed=%u\n",
	    is_good(&all) && !missed ? "ok" : "wrong", missed);
	return is_good(&all) && !missed ? EX_GOOD : EX_BYTES;
}
