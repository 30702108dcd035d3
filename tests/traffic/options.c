// SPDX-License-Identifier: GPL-2.0
/* Command line of devmem_send; see options.h. */
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "opts.h"
#include "util.h"

struct options opt = {
	.port = 5201, .ifindex = -1, .sockets = 1, .count = 1, .binds = 1,
	.unbind_at = -1, .rx_queue = -1, .timeout = 60, .seed = 1,
	.plan = { .zerocopy = true, .so_zerocopy = true, .mixed_bytes = 100 },
};

static uint64_t iovs;

static const char help[] =
"usage: devmem_send --server ADDR --ifname DEV [options]\n"
"what:  --size N        bytes of the dma-buf (offset + length)\n"
"       --offset N, --length N, --count N (times), --sockets N, --seed N\n"
"       --chunk N       bytes in one sendmsg (256k)\n"
"       --iov N         bytes in one iovec (chunk)\n"
"       --iovs N        iovecs in one sendmsg: chunk = iov * iovs\n"
"       --port N, --from ADDR, --bindtodevice DEV, --mss N, --nodelay\n"
"       --abort         what is not sent goes with the process\n"
"how:   --no-zerocopy   without MSG_ZEROCOPY\n"
"       --no-so-zerocopy  without SO_ZEROCOPY\n"
"       --urgent        the last byte of each sendmsg is urgent (MSG_OOB)\n"
"       --plain         ordinary bytes of the same pattern; no dma-buf id\n"
"       --mixed before|after  plain bytes in the same packets\n"
"       --mixed-bytes N (100), --mixed-zerocopy (they too by MSG_ZEROCOPY)\n"
"bind:  --ifindex N     instead of a name\n"
"       --id N          no bind: send with this id\n"
"       --binds N       bind N times, send with the last id\n"
"       --rx QUEUE      bind-rx instead of bind-tx; -1: no queue given\n"
"       --bad no-ifindex|no-fd|fd|file   a request that must fail\n"
"       --bind-only     no connection\n"
"when:  --connect-first connect, then bind\n"
"       --no-wait       the first sendmsg waits for the connection\n"
"       --md5 KEY, --ao KEY  sign by TCP-MD5 or TCP-AO after the first chunk\n"
"       --pause-bound   wait for a byte on stdin after the bind\n"
"       --pause-at N    the same after N bytes of the first round; repeatable\n"
"       --unbind-at N   close the netlink socket after N bytes\n"
"       --hold          keep all open until stdin closes\n"
"       --timeout SEC   for everything but pauses (60)\n"
"       --expect-errno NAME, --expect-extack TEXT   exit 0 if it fails so\n"
"exit:  0 good, 1 setup, 2 bind, 3 connect, 4 sendmsg, 5 completions late,\n"
"       6 not as expected, 7 wrong bytes\n";

static void set_ifindex(const char *value)
{
	opt.ifindex = parse_size(value);
}

static void set_id(const char *value)
{
	opt.plan.id = parse_size(value);
	opt.have_id = true;
}

static void set_rx(const char *value)
{
	opt.rx = true;
	opt.rx_queue = atoi(value);
}

static void set_bad(const char *value)
{
	static const char * const names[] = {
		[BAD_NO_IFINDEX] = "no-ifindex", [BAD_NO_FD] = "no-fd",
		[BAD_FD] = "fd", [BAD_FILE] = "file",
	};
	unsigned int i;

	for (i = BAD_NO_IFINDEX; i <= BAD_FILE; i++)
		if (!strcmp(value, names[i]))
			opt.bad = i;
	if (!opt.bad)
		opts_help(help);
}

static void set_mixed(const char *value)
{
	if (!strcmp(value, "before"))
		opt.plan.mixed = MIXED_BEFORE;
	else if (!strcmp(value, "after"))
		opt.plan.mixed = MIXED_AFTER;
	else
		opts_help(help);
}

static void add_pause(const char *value)
{
	if (opt.nr_pauses == MAX_PAUSES)
		opts_help(help);
	opt.pauses[opt.nr_pauses++] = parse_size(value);
}

static void set_unbind(const char *value)
{
	opt.unbind_at = parse_size(value);
}

static void set_errno(const char *value)
{
	opt.expect_errno = errno_number(value);
}

static const struct opt_def defs[] = {
	{ "server", .text = &opt.server },
	{ "port", .num = &opt.port },
	{ "ifname", .text = &opt.ifname },
	{ "ifindex", .call = set_ifindex },
	{ "size", .num = &opt.size },
	{ "seed", .num = &opt.seed },
	{ "offset", .num = &opt.plan.offset },
	{ "length", .num = &opt.plan.length },
	{ "count", .num = &opt.count },
	{ "sockets", .num = &opt.sockets },
	{ "chunk", .num = &opt.plan.chunk },
	{ "iov", .num = &opt.plan.iov },
	{ "iovs", .num = &iovs },
	{ "from", .text = &opt.plan.from },
	{ "bindtodevice", .text = &opt.plan.bindtodevice },
	{ "mss", .num = &opt.plan.mss },
	{ "nodelay", .on = &opt.plan.nodelay },
	{ "abort", .on = &opt.plan.abort },
	{ "no-wait", .on = &opt.plan.no_wait },
	{ "md5", .text = &opt.plan.md5 },
	{ "ao", .text = &opt.plan.ao },
	{ "no-zerocopy", .off = &opt.plan.zerocopy },
	{ "urgent", .on = &opt.plan.urgent },
	{ "no-so-zerocopy", .off = &opt.plan.so_zerocopy },
	{ "plain", .on = &opt.plan.plain },
	{ "mixed", .call = set_mixed },
	{ "mixed-bytes", .num = &opt.plan.mixed_bytes },
	{ "mixed-zerocopy", .on = &opt.plan.mixed_zerocopy },
	{ "id", .call = set_id },
	{ "binds", .num = &opt.binds },
	{ "rx", .call = set_rx },
	{ "bad", .call = set_bad },
	{ "bind-only", .on = &opt.bind_only },
	{ "connect-first", .on = &opt.connect_first },
	{ "pause-bound", .on = &opt.pause_bound },
	{ "pause-at", .call = add_pause },
	{ "unbind-at", .call = set_unbind },
	{ "hold", .on = &opt.hold },
	{ "timeout", .num = &opt.timeout },
	{ "expect-errno", .call = set_errno },
	{ "expect-extack", .text = &opt.expect_extack },
	{ NULL },
};

void parse_options(int argc, char **argv)
{
	struct send_plan *plan = &opt.plan;

	if (opts_parse(argc, argv, defs, help) != argc)
		opts_help(help);
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
		opts_help(help);
	if (!opt.bind_only && !opt.server)
		opts_help(help);
	if (opt.ifindex < 0 && !opt.have_id && !plan->plain && !opt.bad)
		opts_help(help);
	plan->deadline = deadline_in(opt.timeout);
}
