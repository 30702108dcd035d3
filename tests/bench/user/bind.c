// SPDX-License-Identifier: GPL-2.0
/* Instructions of bind-tx, and of bind-tx and close with all that follows. */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "dmabuf.h"
#include "netdev.h"
#include "opts.h"
#include "util.h"

static struct {
	const char *ifname;
	uint64_t rounds;
	uint64_t batches;
	uint64_t count;
} opt = { .rounds = 50, .batches = 5, .count = 1 };

static const char help[] =
"usage: nmtx_bench bind --ifname DEV [--rounds N] [--batches N]\n"
"       nmtx_bench hold --ifname DEV [--count N]\n";

static const struct opt_def defs[] = {
	{ "ifname", .text = &opt.ifname },
	{ "rounds", .num = &opt.rounds },
	{ "batches", .num = &opt.batches },
	{ "count", .num = &opt.count },
	{ NULL },
};

static void read_options(int argc, char **argv)
{
	if (opts_parse(argc, argv, defs, help) != argc || !opt.ifname)
		opts_help(help);
}

static uint64_t timed_bind(struct netdev_sock *sock, const struct dmabuf *buf)
{
	struct netdev_bind req = {
		.ifindex = if_nametoindex(opt.ifname), .has_fd = true,
		.fd = buf->fd, .queue = -1,
	};
	struct netdev_answer ans;
	uint64_t start = count_now();

	netdev_bind(sock, &req, &ans);
	start = count_now() - start;
	errno = ans.err;
	if (ans.err)
		die("bind-tx: %s", ans.extack);
	return start;
}

/*
 * The work of @rounds binds and closes, and of freeing them, which the kernel
 * does later; what is done in that time anyway is taken off.
 */
static uint64_t batch(const struct dmabuf *buf, uint64_t *binds)
{
	struct netdev_sock **socks = calloc(opt.rounds, sizeof(*socks));
	uint64_t work, nothing, i;

	if (!socks)
		die("memory");
	for (i = 0; i < opt.rounds; i++)
		socks[i] = netdev_open();
	spinner_start();
	nothing = spinner_work();
	usleep(100000);
	nothing = spinner_work() - nothing;
	work = spinner_work();
	for (i = 0; i < opt.rounds; i++) {
		binds[i] = timed_bind(socks[i], buf);
		netdev_close(socks[i]);
	}
	usleep(100000);
	work = spinner_work() - work;
	spinner_stop();
	free(socks);
	return (work - nothing) / opt.rounds;
}

int cmd_bind(int argc, char **argv)
{
	uint64_t *binds, *totals;
	struct dmabuf buf;
	unsigned int i;

	read_options(argc, argv);
	binds = counts_new(opt.rounds * opt.batches);
	totals = counts_new(opt.batches);
	dmabuf_make(&buf, 4096, 1);
	for (i = 0; i < opt.batches; i++)
		totals[i] = batch(&buf, binds + i * opt.rounds);
	counts_say("bind", binds, opt.rounds * opt.batches);
	counts_say("bind-close", totals, opt.batches);
	return EX_GOOD;
}

int cmd_hold(int argc, char **argv)
{
	struct netdev_sock *sock;
	struct dmabuf buf;
	uint64_t i;
	char byte;

	read_options(argc, argv);
	dmabuf_make(&buf, 4096, 1);
	sock = netdev_open();
	for (i = 0; i < opt.count; i++)
		timed_bind(sock, &buf);
	say("holding\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	netdev_close(sock);
	return EX_GOOD;
}
