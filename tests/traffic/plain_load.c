// SPDX-License-Identifier: GPL-2.0
/*
 * Ordinary counted traffic. The server counts what comes; the client sends,
 * then asks the server, by TCP on the next port, until both agree.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "opts.h"
#include "util.h"

#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

#define MAX_CONNS	32
#define TCP_BLOCK	65536

/* What was sent or received; @bad counts bytes that are not the pattern's. */
struct counts {
	uint64_t tcp_bytes;
	uint64_t udp_packets;
	uint64_t udp_bytes;
	uint64_t bad;
};

static struct options {
	const char *addr;
	uint64_t port;
	bool server;
	bool udp;
	bool zerocopy;
	uint64_t seconds;
	uint64_t rate;
	uint64_t size;
	uint64_t timeout;
} opt = { .port = 5301, .seconds = 5, .rate = 1000, .size = 1200,
	  .timeout = 60 };

static uint8_t pattern[TCP_BLOCK];

static const char help[] =
"usage: plain_load --server [--addr ADDR] [--port N] [--timeout SEC]\n"
"       plain_load --addr ADDR [--port N] [--udp] [--zerocopy]\n"
"                  [--seconds N] [--rate N] [--size N]\n"
"  Ports N and N + 1 (5301) are used. --rate is packets, or writes, a second\n"
"  (1000; 0: no limit), --size the bytes of each (1200).\n"
"exit: 0 all arrived, 1 setup, 3 no connection, 4 send, 7 some did not\n";

static const struct opt_def defs[] = {
	{ "server", .on = &opt.server },
	{ "addr", .text = &opt.addr },
	{ "port", .num = &opt.port },
	{ "udp", .on = &opt.udp },
	{ "zerocopy", .on = &opt.zerocopy },
	{ "seconds", .num = &opt.seconds },
	{ "rate", .num = &opt.rate },
	{ "size", .num = &opt.size },
	{ "timeout", .num = &opt.timeout },
	{ NULL },
};

static int open_socket(int type, bool listening, int port)
{
	const char *addr = opt.addr ? opt.addr : "::";
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(addr, port, &ss);
	struct timeval limit = { .tv_sec = 5 };
	int fd, on = 1, size = 4 << 20;

	fd = socket(ss.ss_family, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	if (!listening) {
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		if (!connect(fd, (void *)&ss, len))
			return fd;
		say("connect: errno=%d (%s)\n", errno, errno_name(errno));
		exit(EX_CONNECT);
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(fd, (void *)&ss, len) ||
	    (type == SOCK_STREAM && listen(fd, MAX_CONNS)))
		die("port %d", port);
	return fd;
}

/* --- server ------------------------------------------------------------ */

static void count_tcp(struct counts *got, const uint8_t *buf, size_t len,
		      uint64_t pos)
{
	size_t i;

	for (i = 0; i < len; i++)
		got->bad += buf[i] != pattern[(pos + i) % sizeof(pattern)];
	got->tcp_bytes += len;
}

static void read_udp(int fd, struct counts *got)
{
	uint8_t buf[65536];
	ssize_t n;

	while ((n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) >= 0) {
		got->udp_packets++;
		got->udp_bytes += n;
		if (memcmp(buf, pattern, n))
			got->bad++;
	}
}

static void tell_counts(int listener, const struct counts *got)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	char line[128];
	int n;

	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "%llu %llu %llu %llu\n",
		     (unsigned long long)got->tcp_bytes,
		     (unsigned long long)got->udp_packets,
		     (unsigned long long)got->udp_bytes,
		     (unsigned long long)got->bad);
	if (write(fd, line, n) != n)
		say("answer: errno=%d\n", errno);
	close(fd);
}

static void serve(void)
{
	int64_t deadline = deadline_in(opt.timeout);
	struct pollfd pfds[3 + MAX_CONNS] = {
		{ open_socket(SOCK_STREAM, true, opt.port), POLLIN, 0 },
		{ open_socket(SOCK_STREAM, true, opt.port + 1), POLLIN, 0 },
		{ open_socket(SOCK_DGRAM, true, opt.port), POLLIN, 0 },
	};
	uint64_t pos[MAX_CONNS] = { 0 };
	struct counts got = { 0 };
	static uint8_t buf[262144];
	unsigned int nr = 0, i;
	ssize_t n;

	say("listening: port=%d\n", (int)opt.port);
	while (poll(pfds, 3 + nr, left_ms(deadline)) > 0) {
		for (i = 0; i < nr; i++) {
			if (!pfds[3 + i].revents)
				continue;
			n = recv(pfds[3 + i].fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n > 0) {
				count_tcp(&got, buf, n, pos[i]);
				pos[i] += n;
			} else if (!n || errno != EAGAIN) {
				close(pfds[3 + i].fd);
				pfds[3 + i].fd = -1;
			}
		}
		if (pfds[2].revents)
			read_udp(pfds[2].fd, &got);
		if (pfds[1].revents)
			tell_counts(pfds[1].fd, &got);
		if (pfds[0].revents && nr < MAX_CONNS) {
			pfds[3 + nr].fd = accept4(pfds[0].fd, NULL, NULL,
						  SOCK_CLOEXEC);
			pfds[3 + nr].events = POLLIN;
			nr++;
		}
	}
}

/* --- client ------------------------------------------------------------ */

static bool ask(struct counts *got)
{
	int fd = open_socket(SOCK_STREAM, false, opt.port + 1);
	unsigned long long v[4];
	char line[128];
	FILE *file = fdopen(fd, "r");
	bool ok;

	ok = file && fgets(line, sizeof(line), file) &&
	     sscanf(line, "%llu %llu %llu %llu", v, v + 1, v + 2, v + 3) == 4;
	if (file)
		fclose(file);
	if (ok)
		*got = (struct counts){ v[0], v[1], v[2], v[3] };
	return ok;
}

static void pace(uint64_t sent, int64_t start)
{
	int64_t due;

	if (!opt.rate)
		return;
	due = start + sent * 1000 / opt.rate - now_ms();
	if (due > 0)
		usleep(due * 1000);
}

/* Completions of MSG_ZEROCOPY are not counted here, only made room for. */
static void drain(int fd)
{
	char control[256];
	struct msghdr msg = { .msg_control = control,
			      .msg_controllen = sizeof(control) };

	while (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0)
		msg.msg_controllen = sizeof(control);
}

static void send_load(int fd, struct counts *sent)
{
	int64_t start = now_ms(), end = start + opt.seconds * 1000;
	int flags = MSG_NOSIGNAL | (opt.zerocopy ? MSG_ZEROCOPY : 0);
	uint64_t writes = 0, pos = 0;
	ssize_t n;

	while (now_ms() < end) {
		size_t len = opt.size;

		if (!opt.udp && len > sizeof(pattern) - pos % sizeof(pattern))
			len = sizeof(pattern) - pos % sizeof(pattern);
		n = send(fd, pattern + (opt.udp ? 0 : pos % sizeof(pattern)),
			 len, flags);
		if (opt.zerocopy)
			drain(fd);
		if (n < 0 && (errno == ENOBUFS || errno == EAGAIN)) {
			usleep(1000);
			continue;
		}
		if (n < 0) {
			say("send: errno=%d (%s)\n", errno, errno_name(errno));
			exit(EX_SEND);
		}
		pos += n;
		if (opt.udp)
			sent->udp_packets++;
		pace(++writes, start);
	}
	if (opt.udp)
		sent->udp_bytes = pos;
	else
		sent->tcp_bytes = pos;
}

static bool all_arrived(const struct counts *a, const struct counts *b,
			const struct counts *sent)
{
	return b->tcp_bytes - a->tcp_bytes == sent->tcp_bytes &&
	       b->udp_packets - a->udp_packets == sent->udp_packets &&
	       b->udp_bytes - a->udp_bytes == sent->udp_bytes;
}

static int run_client(void)
{
	struct counts before, after = { 0 }, sent = { 0 };
	int64_t deadline;
	int fd, on = 1;
	bool good;

	if (!ask(&before))
		die("no answer from the server");
	fd = open_socket(opt.udp ? SOCK_DGRAM : SOCK_STREAM, false, opt.port);
	if (opt.zerocopy)
		setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on));
	send_load(fd, &sent);

	deadline = deadline_in(5);
	do {
		usleep(50000);
		good = ask(&after) && all_arrived(&before, &after, &sent);
	} while (!good && left_ms(deadline));
	close(fd);
	good = good && after.bad == before.bad;
	say("result: %s proto=%s sent_packets=%llu received_packets=%llu ",
	    good ? "ok" : "lost", opt.udp ? "udp" : "tcp",
	    (unsigned long long)sent.udp_packets,
	    (unsigned long long)(after.udp_packets - before.udp_packets));
	say("sent_bytes=%llu received_bytes=%llu bad=%llu\n",
	    (unsigned long long)(sent.tcp_bytes + sent.udp_bytes),
	    (unsigned long long)(after.tcp_bytes - before.tcp_bytes +
				 after.udp_bytes - before.udp_bytes),
	    (unsigned long long)(after.bad - before.bad));
	return good ? EX_GOOD : EX_BYTES;
}

int main(int argc, char **argv)
{
	if (opts_parse(argc, argv, defs, help) != argc || !opt.size ||
	    opt.size > sizeof(pattern) || (!opt.server && !opt.addr))
		opts_help(help);
	pattern_fill(pattern, sizeof(pattern), 7, 0);
	if (opt.server) {
		serve();
		return EX_GOOD;
	}
	return run_client();
}
