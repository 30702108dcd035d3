// SPDX-License-Identifier: GPL-2.0
/*
 * Send the bytes of a dma-buf over TCP, as a program with a GPU would. The
 * dma-buf is made of a memfd by udmabuf. Every step prints one line that a
 * test can look for; options.c lists the options, README.md the lines.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dmabuf.h"
#include "netdev.h"
#include "options.h"
#include "send.h"
#include "util.h"

static struct dmabuf dmabuf;
static struct netdev_sock *netdev;
static struct sender senders[MAX_SOCKETS];

/* The end of a step that failed: as expected or not. */
static void __attribute__((noreturn)) give_up(int code, int err,
					      const char *extack)
{
	if (!opt.expect_errno) {
		say("result: fail errno=%d (%s)\n", err, errno_name(err));
		exit(code);
	}
	if (err != opt.expect_errno ||
	    (opt.expect_extack && strcmp(extack, opt.expect_extack))) {
		say("result: unexpected errno=%d (%s) extack=\"%s\"\n", err,
		    errno_name(err), extack);
		exit(EX_EXPECT);
	}
	say("result: expected errno=%d (%s)\n", err, errno_name(err));
	exit(EX_GOOD);
}

/* Wait for a byte; the time does not count. */
static void pause_here(const char *where, uint64_t at)
{
	int64_t start = now_ms();
	char byte;

	say("paused: %s=%llu\n", where, (unsigned long long)at);
	if (read(STDIN_FILENO, &byte, 1) < 0)
		die("stdin");
	opt.plan.deadline += now_ms() - start;
}

/* The request that --bad asks for. */
static struct netdev_bind make_bind(void)
{
	struct netdev_bind req = {
		.rx = opt.rx, .ifindex = opt.ifindex, .has_fd = true,
		.fd = dmabuf.fd, .queue = opt.rx_queue,
	};

	switch (opt.bad) {
	case BAD_NO_IFINDEX:
		req.ifindex = -1;
		break;
	case BAD_NO_FD:
		req.has_fd = false;
		break;
	case BAD_FD:
		req.fd = -1;
		break;
	case BAD_FILE:
		req.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		break;
	default:
		break;
	}
	return req;
}

static void do_bind(void)
{
	const char *name = opt.rx ? "bind-rx" : "bind-tx";
	struct netdev_bind req = make_bind();
	struct netdev_answer ans;
	unsigned int i;

	netdev = netdev_open();
	for (i = 0; i < opt.binds; i++) {
		netdev_bind(netdev, &req, &ans);
		if (ans.err) {
			say("%s: errno=%d (%s) extack=\"%s\"\n", name, ans.err,
			    errno_name(ans.err), ans.extack);
			give_up(EX_BIND, ans.err, ans.extack);
		}
		say("%s: ok id=%u\n", name, ans.id);
	}
	opt.plan.id = ans.id;
	if (opt.pause_bound)
		pause_here("bound", 0);
}

static void do_connect(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < opt.sockets; i++) {
		err = sender_connect(&senders[i], &opt.plan, opt.server,
				     opt.port);
		if (err) {
			say("connect: errno=%d (%s)\n", -err, errno_name(-err));
			give_up(EX_CONNECT, -err, "");
		}
	}
	say("connect: ok sockets=%llu\n", (unsigned long long)opt.sockets);
}

/* Where the first socket stops next in this round, and what is due there. */
static uint64_t next_stop(bool first_round, uint64_t pos)
{
	uint64_t stop = opt.plan.length;
	unsigned int i;

	if (!first_round)
		return stop;
	for (i = 0; i < opt.nr_pauses; i++)
		if ((uint64_t)opt.pauses[i] > pos &&
		    (uint64_t)opt.pauses[i] < stop)
			stop = opt.pauses[i];
	if (opt.unbind_at > (int64_t)pos && (uint64_t)opt.unbind_at < stop)
		stop = opt.unbind_at;
	return stop;
}

static void at_stop(uint64_t pos)
{
	unsigned int i;

	for (i = 0; i < opt.nr_pauses; i++)
		if ((uint64_t)opt.pauses[i] == pos)
			pause_here("at", pos);
	if (opt.unbind_at == (int64_t)pos && netdev) {
		netdev_close(netdev);
		netdev = NULL;
		say("unbound: at=%llu\n", (unsigned long long)pos);
	}
}

/* Move every socket to position @until of the round, a chunk each in turn. */
static void send_until(uint64_t until)
{
	unsigned int i, busy = 1;
	int err;

	while (busy) {
		busy = 0;
		for (i = 0; i < opt.sockets; i++) {
			struct sender *snd = &senders[i];

			if (snd->pos >= until)
				continue;
			busy = 1;
			err = sender_step(snd, &opt.plan, until);
			if (!err)
				continue;
			say("sendmsg: errno=%d (%s) socket=%u sent=%llu\n", -err,
			    errno_name(-err), i, (unsigned long long)snd->total);
			give_up(EX_SEND, -err, "");
		}
	}
}

static void do_send(void)
{
	unsigned int round, i;
	uint64_t pos;

	for (round = 0; round < opt.count; round++) {
		for (i = 0; i < opt.sockets; i++)
			senders[i].pos = 0;
		if (!round)
			at_stop(0);
		for (pos = 0; pos < opt.plan.length;) {
			pos = next_stop(!round, pos);
			send_until(pos);
			if (!round)
				at_stop(pos);
		}
	}
	say("sent: bytes=%llu sockets=%llu\n",
	    (unsigned long long)senders[0].total,
	    (unsigned long long)opt.sockets);
}

static void do_complete(uint32_t *calls, uint32_t *copied)
{
	uint32_t seen = 0, disordered = 0;
	unsigned int i;
	int err = 0;

	*calls = 0;
	*copied = 0;
	for (i = 0; i < opt.sockets; i++) {
		int one = sender_complete(&senders[i], opt.plan.deadline);

		err = err ? err : one;
		*calls += senders[i].calls;
		*copied += senders[i].copied;
		seen += senders[i].seen;
		disordered += senders[i].disordered;
	}
	say("completions: calls=%u seen=%u copied=%u disordered=%u\n", *calls,
	    seen, *copied, disordered);
	if (err)
		give_up(EX_TIME, -err, "");
}

static void hash_sent(char hex[65])
{
	struct sha256 *sha = sha256_new();
	unsigned int round;

	for (round = 0; round < opt.count; round++)
		sha256_add(sha, dmabuf.mem + opt.plan.offset, opt.plan.length);
	sha256_end(sha, hex);
}

/* Until stdin closes. */
static void hold(void)
{
	char byte;

	say("holding\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	uint32_t calls = 0, copied = 0;
	char hex[65];

	parse_options(argc, argv);
	dmabuf_make(&dmabuf, opt.size, opt.seed);
	opt.plan.mem = dmabuf.mem;

	if (opt.connect_first && !opt.bind_only)
		do_connect();
	if (!opt.have_id && !opt.plan.plain)
		do_bind();
	if (!opt.bind_only) {
		if (!opt.connect_first)
			do_connect();
		do_send();
		do_complete(&calls, &copied);
		hash_sent(hex);
	}
	if (opt.hold)
		hold();
	if (opt.expect_errno) {
		say("result: unexpected success\n");
		return EX_EXPECT;
	}
	if (opt.bind_only)
		say("result: ok\n");
	else
		say("result: ok bytes=%llu sockets=%llu completions=%u copied=%u sha256=%s\n",
		    (unsigned long long)senders[0].total,
		    (unsigned long long)opt.sockets, calls, copied, hex);
	return EX_GOOD;
}
