// SPDX-License-Identifier: GPL-2.0
/* Sending device memory over one TCP socket; see send.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/errqueue.h> /* after time.h */

#include "send.h"
#include "sign.h"
#include "util.h"

/* From the kernel's uapi; system headers may be older than the kernel. */
#ifndef SCM_DEVMEM_DMABUF
#define SCM_DEVMEM_DMABUF 79
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY 60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

static int set_options(int fd, const struct send_plan *plan)
{
	int on = 1, mss = plan->mss;

	if (plan->so_zerocopy &&
	    setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)))
		return -errno;
	if (plan->nodelay &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
		return -errno;
	if (plan->abort &&
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 },
		       sizeof(struct linger)))
		return -errno;
	if (mss && setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &mss, sizeof(mss)))
		return -errno;
	if (plan->bindtodevice &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, plan->bindtodevice,
		       strlen(plan->bindtodevice)))
		return -errno;
	return 0;
}

static int wait_connected(int fd, int64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	if (poll(&pfd, 1, left_ms(deadline)) <= 0)
		return -ETIME;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return -err;
}

int sender_connect(struct sender *snd, const struct send_plan *plan,
		   const char *addr, int port)
{
	struct sockaddr_storage to, from;
	socklen_t len = parse_addr(addr, port, &to), from_len;
	int err;

	memset(snd, 0, sizeof(*snd));
	snd->fd = socket(to.ss_family,
			 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (snd->fd < 0)
		die("socket");
	err = set_options(snd->fd, plan);
	if (err)
		return err;
	if (plan->from) {
		from_len = parse_addr(plan->from, 0, &from);
		if (bind(snd->fd, (void *)&from, from_len))
			return -errno;
	}
	if (!connect(snd->fd, (void *)&to, len))
		return 0;
	if (errno != EINPROGRESS)
		return -errno;
	if (plan->no_wait)
		return fcntl(snd->fd, F_SETFL, 0) ? -errno : 0;
	return wait_connected(snd->fd, plan->deadline);
}

static void count_completion(struct sender *snd,
			     const struct sock_extended_err *ee)
{
	uint32_t n = ee->ee_data - ee->ee_info + 1;

	if (ee->ee_info != snd->next_id)
		snd->disordered++;
	snd->next_id = ee->ee_data + 1;
	snd->seen += n;
	if (ee->ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
		snd->copied += n;
}

/* Read what the error queue has. */
static void drain_completions(struct sender *snd)
{
	char control[256];
	struct msghdr msg;
	struct cmsghdr *cm;

	for (;;) {
		memset(&msg, 0, sizeof(msg));
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		if (recvmsg(snd->fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		for (cm = CMSG_FIRSTHDR(&msg); cm; cm = CMSG_NXTHDR(&msg, cm)) {
			struct sock_extended_err *ee = (void *)CMSG_DATA(cm);

			if ((cm->cmsg_level == SOL_IP &&
			     cm->cmsg_type == IP_RECVERR) ||
			    (cm->cmsg_level == SOL_IPV6 &&
			     cm->cmsg_type == IPV6_RECVERR))
				if (ee->ee_origin == SO_EE_ORIGIN_ZEROCOPY)
					count_completion(snd, ee);
		}
	}
}

/* 0, or the error of the socket as a negative errno. */
static int socket_error(int fd)
{
	socklen_t len = sizeof(int);
	int err = 0;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	return -err;
}

static int wait_room(struct sender *snd, int64_t deadline)
{
	struct pollfd pfd = { .fd = snd->fd, .events = POLLOUT };

	if (poll(&pfd, 1, left_ms(deadline)) <= 0)
		return -ETIME;
	drain_completions(snd);
	if (pfd.revents & POLLOUT)
		return 0;
	return socket_error(snd->fd);
}

/*
 * One sendmsg of @len bytes at @off of the dma-buf, by device memory or as
 * plain bytes. Returns what sendmsg returns, having waited for room.
 */
static ssize_t send_some(struct sender *snd, const struct send_plan *plan,
			 uint64_t off, uint64_t len, bool devmem, int flags)
{
	static struct iovec iov[IOV_MAX];
	union {
		char buf[CMSG_SPACE(sizeof(uint32_t))];
		struct cmsghdr align;
	} control = { 0 };
	struct msghdr msg = { .msg_iov = iov };
	uint64_t base = devmem ? 0 : (uintptr_t)plan->mem;
	uint64_t step = devmem ? plan->iov : len;
	bool wait = plan->no_wait && !snd->total;
	ssize_t n;
	int err;

	for (; len && msg.msg_iovlen < IOV_MAX; msg.msg_iovlen++) {
		struct iovec *one = &iov[msg.msg_iovlen];

		one->iov_base = (void *)(uintptr_t)(base + off);
		one->iov_len = len < step ? len : step;
		off += one->iov_len;
		len -= one->iov_len;
	}
	if (devmem) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.align.cmsg_level = SOL_SOCKET;
		control.align.cmsg_type = SCM_DEVMEM_DMABUF;
		control.align.cmsg_len = CMSG_LEN(sizeof(uint32_t));
		memcpy(CMSG_DATA(&control.align), &plan->id, sizeof(uint32_t));
	}
	if (plan->urgent)
		flags |= MSG_OOB;
	for (;;) {
		n = sendmsg(snd->fd, &msg, flags | MSG_NOSIGNAL |
					   (wait ? 0 : MSG_DONTWAIT));
		if (n >= 0 || (errno != EAGAIN && errno != ENOBUFS))
			break;
		err = wait_room(snd, plan->deadline);
		if (err) {
			errno = -err;
			return -1;
		}
	}
	if (n > 0 && (flags & MSG_ZEROCOPY) && plan->so_zerocopy)
		snd->calls++;
	return n;
}

/* One of the two kinds of bytes of a chunk: all @len of them. */
static int send_part(struct sender *snd, const struct send_plan *plan,
		     uint64_t len, bool devmem, bool more)
{
	bool zerocopy = devmem ? plan->zerocopy : plan->mixed_zerocopy;
	int flags = (zerocopy ? MSG_ZEROCOPY : 0) | (more ? MSG_MORE : 0);
	ssize_t n;

	if (!devmem && plan->plain)
		flags |= plan->zerocopy ? MSG_ZEROCOPY : 0;
	while (len) {
		n = send_some(snd, plan, plan->offset + snd->pos, len, devmem,
			      flags);
		if (n < 0)
			return -errno;
		snd->pos += n;
		snd->total += n;
		len -= n;
	}
	return 0;
}

int sender_step(struct sender *snd, const struct send_plan *plan,
		uint64_t until)
{
	uint64_t len = until - snd->pos, plain = plan->mixed_bytes;
	int err;

	if (len > plan->chunk)
		len = plan->chunk;
	if (plain > len)
		plain = len;
	switch (plan->mixed) {
	case MIXED_BEFORE:
		err = send_part(snd, plan, plain, false, true);
		if (!err)
			err = send_part(snd, plan, len - plain, true, false);
		break;
	case MIXED_AFTER:
		err = send_part(snd, plan, len - plain, true, true);
		if (!err)
			err = send_part(snd, plan, plain, false, false);
		break;
	default:
		err = send_part(snd, plan, len, !plan->plain, false);
	}
	drain_completions(snd);
	if (!err && plan->md5 && snd->total == len)
		err = sign_by_md5(snd->fd, plan->md5);
	if (!err && plan->ao && snd->total == len)
		err = sign_by_ao(snd->fd, plan->ao);
	return err;
}

int sender_complete(struct sender *snd, int64_t deadline)
{
	struct pollfd pfd = { .fd = snd->fd };
	int err;

	drain_completions(snd);
	while (snd->seen != snd->calls) {
		if (poll(&pfd, 1, left_ms(deadline)) <= 0)
			return -ETIME;
		drain_completions(snd);
		err = socket_error(snd->fd);
		if (err && snd->seen != snd->calls)
			return err;
		if (pfd.revents & POLLHUP)
			usleep(10000);
	}
	return 0;
}
