// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions of one sendmsg(), from the system call to the NIC's doorbell.
 * The NICs' interrupts are held back meanwhile, so that what the receiver and
 * the completions cost is not in it. A round counts only when all of it left:
 * rounds that end with bytes kept back (slow start) are warm-up.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "bench.h"
#include "dmabuf.h"
#include "netdev.h"
#include "opts.h"
#include "util.h"

#ifndef SCM_DEVMEM_DMABUF
#define SCM_DEVMEM_DMABUF 79
#endif

#define SPARE 400	/* rounds that may not count */

static struct {
	const char *server;
	const char *ifname;
	uint64_t size;
	uint64_t rounds;
	bool plain;
} opt = { .size = 65536, .rounds = 101 };

static const char help[] =
"usage: nmtx_bench send --server ADDR [--ifname DEV] [--size N] [--rounds N]\n"
"                       [--plain]\n";

static const struct opt_def defs[] = {
	{ "server", .text = &opt.server },
	{ "ifname", .text = &opt.ifname },
	{ "size", .num = &opt.size },
	{ "rounds", .num = &opt.rounds },
	{ "plain", .on = &opt.plain },
	{ NULL },
};

static int connect_to(const char *server)
{
	struct sockaddr_storage to;
	socklen_t len = parse_addr(server, 5201, &to);
	int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, room = 4 << 20;

	if (fd < 0 || connect(fd, (void *)&to, len))
		die("connect to %s", server);
	if (setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, sizeof(on)))
		die("socket options");
	return fd;
}

static uint32_t bind_tx(const struct dmabuf *buf)
{
	struct netdev_bind req = {
		.ifindex = if_nametoindex(opt.ifname), .has_fd = true,
		.fd = buf->fd, .queue = -1,
	};
	struct netdev_answer ans;

	netdev_bind(netdev_open(), &req, &ans);	/* open until the end */
	errno = ans.err;
	if (ans.err)
		die("bind-tx: %s", ans.extack);
	return ans.id;
}

/* Device memory, or the same bytes copied. */
static uint64_t timed_send(int fd, const struct dmabuf *buf, uint32_t id)
{
	union {
		char buf[CMSG_SPACE(sizeof(uint32_t))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { opt.plain ? buf->mem : NULL, opt.size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	uint64_t start;
	ssize_t n;

	if (!opt.plain) {
		flags |= MSG_ZEROCOPY;
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_DEVMEM_DMABUF;
		control.align.cmsg_len = CMSG_LEN(sizeof(uint32_t));
		memcpy(CMSG_DATA(&control.align), &id, sizeof(uint32_t));
	}
	start = count_now();
	n = sendmsg(fd, &msg, flags);
	start = count_now() - start;
	if (n != (ssize_t)opt.size)
		die("sendmsg: %zd of %llu bytes", n,
		    (unsigned long long)opt.size);
	return start;
}

static void look(int fd, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(fd, IPPROTO_TCP, 11 /* TCP_INFO */, info, &len))
		die("TCP_INFO");
}

/* TCP has not given all to the device: say what may be why. */
static void __attribute__((noreturn)) kept_back(const struct tcp_info *info,
						unsigned int round)
{
	errno = 0;
	die("round %u: %u bytes kept back; cwnd %u, window %u, unacked %u, srtt %u us, pacing %llu, lost %u, retransmitted %u",
	    round, info->tcpi_notsent_bytes, info->tcpi_snd_cwnd,
	    info->tcpi_snd_wnd, info->tcpi_unacked, info->tcpi_rtt,
	    (unsigned long long)info->tcpi_pacing_rate, info->tcpi_lost,
	    info->tcpi_total_retrans);
}

/* All acknowledged, the receiver's window open, all completions read. */
static void settle(int fd)
{
	int64_t deadline = now_ms() + 20000;
	struct tcp_info info;
	int left = 1, tries;
	char control[256];
	struct msghdr msg;

	while (left) {
		if (ioctl(fd, SIOCOUTQ, &left))
			die("SIOCOUTQ");
		if (left_ms(deadline) == 0)
			die("%d bytes are not acknowledged", left);
		if (left)
			usleep(500);
	}
	for (tries = 0; tries < 50; tries++) {
		look(fd, &info);
		if (info.tcpi_snd_wnd > opt.size)
			break;
		usleep(1000);
	}
	usleep(500);
	do {
		memset(&msg, 0, sizeof(msg));
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
	} while (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0);
}

int cmd_send(int argc, char **argv)
{
	unsigned int round = 0, good = 0;
	uint64_t *counts, count;
	struct dmabuf buf;
	struct tcp_info info;
	uint32_t id = 0;
	int fd;

	if (opts_parse(argc, argv, defs, help) != argc || !opt.server ||
	    (!opt.plain && !opt.ifname))
		opts_help(help);
	counts = counts_new(opt.rounds);
	dmabuf_make(&buf, opt.size, 1);
	if (!opt.plain)
		id = bind_tx(&buf);
	fd = connect_to(opt.server);
	while (good < opt.rounds) {
		bench_module("irq-off");
		count = timed_send(fd, &buf, id);
		look(fd, &info);
		bench_module("irq-on");
		settle(fd);
		if (round > 20 && !info.tcpi_notsent_bytes)
			counts[good++] = count;
		else if (round >= opt.rounds + SPARE)
			kept_back(&info, good);
		round++;
	}
	counts_say("send", counts, good);
	return EX_GOOD;
}
