// SPDX-License-Identifier: GPL-2.0
/*
 * Receive TCP connections; say how many bytes came on each and their sha256,
 * or where they differ from the pattern of devmem_send.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "opts.h"
#include "util.h"

#define MAX_CONNS	64

/* One connection. @bad counts bytes that differ, from @first_bad on. */
struct conn {
	int fd;
	uint64_t bytes;
	uint64_t bad;
	uint64_t zeros;
	uint64_t first_bad;
	struct sha256 *sha;
};

static struct options {
	const char *listen;
	uint64_t port;
	uint64_t conns;
	uint64_t timeout;
	const char *write;
	bool verify;
	uint64_t seed;
	uint64_t offset;
	uint64_t length;
	uint64_t expect;
} opt = { .listen = "::", .port = 5201, .conns = 1, .timeout = 60 };

static struct conn conns[MAX_CONNS];
static unsigned int nr_conns, nr_done;
static uint64_t total, total_bad;
static bool incomplete;

static const char help[] =
"usage: tcp_sink [options]\n"
"  --listen ADDR (::), --port N (5201)\n"
"  --conns N       how many connections to wait for (1)\n"
"  --timeout SEC   in all (60)\n"
"  --write FILE    write what the first connection brings\n"
"  --verify SEED   compare with the pattern of devmem_send --seed SEED;\n"
"                  --offset N, --length N: its --offset and --length\n"
"  --expect N      bytes that each connection must bring\n"
"exit: 0 good, 1 setup, 5 time is up, 7 wrong bytes or not all\n";

static void set_verify(const char *value)
{
	opt.verify = true;
	opt.seed = parse_size(value);
}

static const struct opt_def defs[] = {
	{ "listen", .text = &opt.listen },
	{ "port", .num = &opt.port },
	{ "conns", .num = &opt.conns },
	{ "timeout", .num = &opt.timeout },
	{ "write", .text = &opt.write },
	{ "verify", .call = set_verify },
	{ "offset", .num = &opt.offset },
	{ "length", .num = &opt.length },
	{ "expect", .num = &opt.expect },
	{ NULL },
};

static int make_listener(void)
{
	struct sockaddr_storage ss;
	socklen_t len = parse_addr(opt.listen, opt.port, &ss);
	int fd, on = 1;

	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (void *)&ss, len) || listen(fd, MAX_CONNS))
		die("listen on %s port %d", opt.listen, (int)opt.port);
	say("listening: port=%d\n", (int)opt.port);
	return fd;
}

static void accept_one(int listener)
{
	struct conn *conn = &conns[nr_conns];

	conn->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn->fd < 0)
		return;
	conn->sha = sha256_new();
	nr_conns++;
	say("accepted: conn=%u\n", nr_conns);
}

static void verify(struct conn *conn, const uint8_t *got, size_t len)
{
	static uint8_t want[65536];
	uint64_t pos = conn->bytes;
	size_t i, n;

	for (; len; len -= n, got += n, pos += n) {
		uint64_t at = opt.length ? pos % opt.length : pos;

		n = len < sizeof(want) ? len : sizeof(want);
		if (opt.length && n > opt.length - at)
			n = opt.length - at;
		pattern_fill(want, n, opt.seed, opt.offset + at);
		if (!memcmp(got, want, n))
			continue;
		for (i = 0; i < n; i++) {
			if (got[i] == want[i])
				continue;
			if (!conn->bad++)
				conn->first_bad = pos + i;
			conn->zeros += !got[i];
		}
	}
}

static void finish(struct conn *conn, const char *why)
{
	unsigned int n = conn - conns + 1;
	char hex[65];

	sha256_end(conn->sha, hex);
	if (conn->bad)
		say("mismatch: conn=%u first=%llu bytes=%llu zeros=%llu\n", n,
		    (unsigned long long)conn->first_bad,
		    (unsigned long long)conn->bad,
		    (unsigned long long)conn->zeros);
	say("conn: n=%u bytes=%llu end=%s sha256=%s\n", n,
	    (unsigned long long)conn->bytes, why, hex);
	close(conn->fd);
	conn->fd = -1;
	total += conn->bytes;
	total_bad += conn->bad;
	if (opt.expect && conn->bytes != opt.expect)
		incomplete = true;
	nr_done++;
}

static void read_one(struct conn *conn, int file)
{
	static uint8_t buf[262144];
	ssize_t n = recv(conn->fd, buf, sizeof(buf), 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		finish(conn, n ? errno_name(errno) : "eof");
		return;
	}
	sha256_add(conn->sha, buf, n);
	if (opt.verify)
		verify(conn, buf, n);
	if (conn == conns && file >= 0 && write(file, buf, n) != n)
		die("write");
	conn->bytes += n;
}

static void serve(int listener, int file)
{
	int64_t deadline = deadline_in(opt.timeout);
	struct pollfd pfds[MAX_CONNS + 1];
	unsigned int i, n;

	while (nr_done < opt.conns) {
		n = nr_conns;
		for (i = 0; i < n; i++)
			pfds[i] = (struct pollfd){ conns[i].fd, POLLIN, 0 };
		pfds[n] = (struct pollfd){ n < opt.conns ? listener : -1,
					   POLLIN, 0 };
		if (poll(pfds, n + 1, left_ms(deadline)) <= 0)
			return;
		if (pfds[n].revents)
			accept_one(listener);
		for (i = 0; i < n; i++)
			if (conns[i].fd >= 0 && pfds[i].revents)
				read_one(&conns[i], file);
	}
}

int main(int argc, char **argv)
{
	int file = -1, listener;
	bool late = false;
	unsigned int i;

	if (opts_parse(argc, argv, defs, help) != argc || !opt.conns ||
	    opt.conns > MAX_CONNS)
		opts_help(help);
	if (opt.write) {
		file = open(opt.write, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			    0644);
		if (file < 0)
			die("%s", opt.write);
	}
	listener = make_listener();
	serve(listener, file);
	if (nr_done < opt.conns) {
		late = true;
		for (i = 0; i < nr_conns; i++)
			if (conns[i].fd >= 0)
				finish(&conns[i], "timeout");
	}
	say("result: %s conns=%u bytes=%llu bad=%llu\n",
	    late ? "timeout" : total_bad || incomplete ? "wrong" : "ok",
	    nr_conns, (unsigned long long)total, (unsigned long long)total_bad);
	if (total_bad || incomplete)
		return EX_BYTES;
	return late ? EX_TIME : EX_GOOD;
}
