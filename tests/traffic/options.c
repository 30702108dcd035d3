// SPDX-License-Identifier: GPL-2.0
/* Command line of devmem_send; see options.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "util.h"

struct options opt = {
	.port = 5201, .ifindex = -1, .sockets = 1, .count = 1, .binds = 1,
	.unbind_at = -1, .rx_queue = -1, .timeout = 60, .seed = 1,
	.plan = { .zerocopy = true, .so_zerocopy = true, .mixed_bytes = 100 },
};

static void usage(void)
{
	fputs(
"usage: devmem_send --server ADDR --ifname DEV [options]\n"
"what:  --size N        bytes of the dma-buf (offset + length)\n"
"       --offset N, --length N, --count N (times), --sockets N, --seed N\n"
"       --chunk N       bytes in one sendmsg (256k)\n"
"       --iov N         bytes in one iovec (chunk)\n"
"       --iovs N        iovecs in one sendmsg: chunk = iov * iovs\n"
"       --port N, --from ADDR, --bindtodevice DEV, --mss N, --nodelay\n"
"how:   --no-zerocopy   without MSG_ZEROCOPY\n"
"       --no-so-zerocopy  without SO_ZEROCOPY\n"
"       --plain         without the dma-buf's id; no bind\n"
"       --mixed before|after  plain bytes in the same packets\n"
"       --mixed-bytes N (100), --mixed-zerocopy (they too by MSG_ZEROCOPY)\n"
"bind:  --ifindex N     instead of a name\n"
"       --id N          no bind: send with this id\n"
"       --binds N       bind N times, send with the last id\n"
"       --rx QUEUE      bind-rx instead of bind-tx; -1: no queue given\n"
"       --bad no-ifindex|no-fd|fd|file   a request that must fail\n"
"       --bind-only     no connection\n"
"when:  --connect-first connect, then bind\n"
"       --pause-bound   wait for a byte on stdin after the bind\n"
"       --pause-at N    the same after N bytes of the first round; repeatable\n"
"       --unbind-at N   close the netlink socket after N bytes\n"
"       --hold          keep all open until stdin closes\n"
"       --timeout SEC   for everything but pauses (60)\n"
"       --expect-errno NAME, --expect-extack TEXT   exit 0 if it fails so\n"
"exit:  0 good, 1 setup, 2 bind, 3 connect, 4 sendmsg, 5 completions late,\n"
"       6 not as expected, 7 wrong bytes\n", stderr);
	exit(EX_SETUP);
}

enum {
	O_SERVER = 256, O_PORT, O_IFNAME, O_IFINDEX, O_SIZE, O_SEED, O_OFFSET,
	O_LENGTH, O_COUNT, O_SOCKETS, O_CHUNK, O_IOV, O_IOVS, O_FROM, O_BTD,
	O_MSS, O_NODELAY, O_NOZC, O_NOSOZC, O_PLAIN, O_MIXED, O_MIXEDB, O_MIXEDZ,
	O_ID, O_BINDS, O_RX, O_BAD, O_BINDONLY, O_CONNFIRST, O_PAUSEB, O_PAUSE,
	O_UNBIND, O_HOLD, O_TIMEOUT, O_ERRNO, O_EXTACK,
};

static const struct option long_options[] = {
	{ "server", 1, 0, O_SERVER }, { "port", 1, 0, O_PORT },
	{ "ifname", 1, 0, O_IFNAME }, { "ifindex", 1, 0, O_IFINDEX },
	{ "size", 1, 0, O_SIZE }, { "seed", 1, 0, O_SEED },
	{ "offset", 1, 0, O_OFFSET }, { "length", 1, 0, O_LENGTH },
	{ "count", 1, 0, O_COUNT }, { "sockets", 1, 0, O_SOCKETS },
	{ "chunk", 1, 0, O_CHUNK }, { "iov", 1, 0, O_IOV },
	{ "iovs", 1, 0, O_IOVS }, { "from", 1, 0, O_FROM },
	{ "bindtodevice", 1, 0, O_BTD }, { "mss", 1, 0, O_MSS },
	{ "nodelay", 0, 0, O_NODELAY }, { "no-zerocopy", 0, 0, O_NOZC },
	{ "no-so-zerocopy", 0, 0, O_NOSOZC }, { "plain", 0, 0, O_PLAIN },
	{ "mixed", 1, 0, O_MIXED }, { "mixed-bytes", 1, 0, O_MIXEDB },
	{ "mixed-zerocopy", 0, 0, O_MIXEDZ }, { "id", 1, 0, O_ID },
	{ "binds", 1, 0, O_BINDS }, { "rx", 1, 0, O_RX },
	{ "bad", 1, 0, O_BAD }, { "bind-only", 0, 0, O_BINDONLY },
	{ "connect-first", 0, 0, O_CONNFIRST },
	{ "pause-bound", 0, 0, O_PAUSEB }, { "pause-at", 1, 0, O_PAUSE },
	{ "unbind-at", 1, 0, O_UNBIND }, { "hold", 0, 0, O_HOLD },
	{ "timeout", 1, 0, O_TIMEOUT }, { "expect-errno", 1, 0, O_ERRNO },
	{ "expect-extack", 1, 0, O_EXTACK }, { 0 },
};

static enum bad parse_bad(const char *text)
{
	static const char * const names[] = {
		[BAD_NO_IFINDEX] = "no-ifindex", [BAD_NO_FD] = "no-fd",
		[BAD_FD] = "fd", [BAD_FILE] = "file",
	};
	unsigned int i;

	for (i = BAD_NO_IFINDEX; i <= BAD_FILE; i++)
		if (!strcmp(text, names[i]))
			return i;
	usage();
	return BAD_NOT;
}

static enum mixed parse_mixed(const char *text)
{
	if (!strcmp(text, "before"))
		return MIXED_BEFORE;
	if (!strcmp(text, "after"))
		return MIXED_AFTER;
	usage();
	return MIXED_NOT;
}

/* Options of the send; false when it is none of them. */
static bool parse_plan(int c, uint64_t *iovs)
{
	struct send_plan *plan = &opt.plan;

	switch (c) {
	case O_OFFSET: plan->offset = parse_size(optarg); break;
	case O_LENGTH: plan->length = parse_size(optarg); break;
	case O_CHUNK: plan->chunk = parse_size(optarg); break;
	case O_IOV: plan->iov = parse_size(optarg); break;
	case O_IOVS: *iovs = parse_size(optarg); break;
	case O_FROM: plan->from = optarg; break;
	case O_BTD: plan->bindtodevice = optarg; break;
	case O_MSS: plan->mss = parse_size(optarg); break;
	case O_NODELAY: plan->nodelay = true; break;
	case O_NOZC: plan->zerocopy = false; break;
	case O_NOSOZC: plan->so_zerocopy = false; break;
	case O_PLAIN: plan->plain = true; break;
	case O_MIXED: plan->mixed = parse_mixed(optarg); break;
	case O_MIXEDB: plan->mixed_bytes = parse_size(optarg); break;
	case O_MIXEDZ: plan->mixed_zerocopy = true; break;
	case O_ID: plan->id = parse_size(optarg); opt.have_id = true; break;
	default: return false;
	}
	return true;
}

static void parse_other(int c)
{
	switch (c) {
	case O_SERVER: opt.server = optarg; break;
	case O_PORT: opt.port = parse_size(optarg); break;
	case O_IFNAME: opt.ifname = optarg; break;
	case O_IFINDEX: opt.ifindex = parse_size(optarg); break;
	case O_SIZE: opt.size = parse_size(optarg); break;
	case O_SEED: opt.seed = parse_size(optarg); break;
	case O_COUNT: opt.count = parse_size(optarg); break;
	case O_SOCKETS: opt.sockets = parse_size(optarg); break;
	case O_BINDS: opt.binds = parse_size(optarg); break;
	case O_RX: opt.rx = true; opt.rx_queue = atoi(optarg); break;
	case O_BAD: opt.bad = parse_bad(optarg); break;
	case O_BINDONLY: opt.bind_only = true; break;
	case O_CONNFIRST: opt.connect_first = true; break;
	case O_PAUSEB: opt.pause_bound = true; break;
	case O_PAUSE:
		if (opt.nr_pauses == MAX_PAUSES)
			usage();
		opt.pauses[opt.nr_pauses++] = parse_size(optarg);
		break;
	case O_UNBIND: opt.unbind_at = parse_size(optarg); break;
	case O_HOLD: opt.hold = true; break;
	case O_TIMEOUT: opt.timeout = parse_size(optarg); break;
	case O_ERRNO: opt.expect_errno = errno_number(optarg); break;
	case O_EXTACK: opt.expect_extack = optarg; break;
	default: usage();
	}
}

/* What was left out follows from the rest. */
static void complete_options(uint64_t iovs)
{
	struct send_plan *plan = &opt.plan;

	if (!opt.size)
		opt.size = plan->offset + (plan->length ? plan->length : 1 << 20);
	if (!plan->length && opt.size > plan->offset)
		plan->length = opt.size - plan->offset;
	if (iovs && plan->iov)
		plan->chunk = plan->iov * iovs;
	if (!plan->chunk)
		plan->chunk = 256 << 10;
	if (!plan->iov)
		plan->iov = plan->chunk;
	if (opt.ifname) {
		errno = 0;
		opt.ifindex = if_nametoindex(opt.ifname);
		if (!opt.ifindex)
			die("device %s", opt.ifname);
	}
	if (!opt.sockets || opt.sockets > MAX_SOCKETS || !opt.binds)
		usage();
	if (!opt.bind_only && !opt.server)
		usage();
	if (opt.ifindex < 0 && !opt.have_id && !plan->plain && !opt.bad)
		usage();
	plan->deadline = now_ms() + opt.timeout * 1000LL;
}

void parse_options(int argc, char **argv)
{
	uint64_t iovs = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		if (!parse_plan(c, &iovs))
			parse_other(c);
	if (optind != argc)
		usage();
	complete_options(iovs);
}
