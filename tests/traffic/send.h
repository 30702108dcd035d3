/* SPDX-License-Identifier: GPL-2.0 */
/* Sending device memory over one TCP socket. */
#ifndef TRAFFIC_SEND_H
#define TRAFFIC_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What goes into one packet beside device memory. */
enum mixed {
	MIXED_NOT,
	MIXED_BEFORE,	/* plain bytes, then device memory */
	MIXED_AFTER,	/* device memory, then plain bytes */
};

/**
 * struct send_plan - what to send and how
 * @mem: the bytes of the dma-buf
 * @id: its id, given with SCM_DEVMEM_DMABUF
 * @plain: send without that id: ordinary bytes, copied or by MSG_ZEROCOPY
 * @offset: first byte to send
 * @length: how many
 * @chunk: bytes in one sendmsg
 * @iov: bytes in one iovec
 * @zerocopy: give MSG_ZEROCOPY
 * @so_zerocopy: set SO_ZEROCOPY
 * @urgent: give MSG_OOB
 * @mixed: put plain bytes into the same packets
 * @mixed_bytes: how many in each chunk
 * @mixed_zerocopy: they too by MSG_ZEROCOPY, of user pages
 * @mss: TCP_MAXSEG, or 0
 * @nodelay: TCP_NODELAY
 * @abort: SO_LINGER of 0: closing throws away what is not sent
 * @no_wait: the first sendmsg waits for the connection
 * @md5: key of TCP_MD5SIG that comes after the first chunk, or NULL
 * @ao: the same of TCP_AO_ADD_KEY
 * @from: local address, or NULL
 * @bindtodevice: SO_BINDTODEVICE, or NULL
 * @deadline: when to give up, as now_ms()
 */
struct send_plan {
	const uint8_t *mem;
	uint32_t id;
	bool plain;
	uint64_t offset;
	uint64_t length;
	uint64_t chunk;
	uint64_t iov;
	bool zerocopy;
	bool so_zerocopy;
	bool urgent;
	enum mixed mixed;
	uint64_t mixed_bytes;
	bool mixed_zerocopy;
	uint64_t mss;
	bool nodelay;
	bool abort;
	bool no_wait;
	const char *md5;
	const char *ao;
	const char *from;
	const char *bindtodevice;
	int64_t deadline;
};

/**
 * struct sender - one socket
 * @fd: the socket
 * @pos: bytes sent of this round
 * @total: bytes sent altogether
 * @calls: sendmsg calls that will have a completion
 * @seen: completions that came
 * @copied: how many of them say that the kernel copied
 * @next_id: completion that should come next
 * @disordered: completions that came out of order
 */
struct sender {
	int fd;
	uint64_t pos;
	uint64_t total;
	uint32_t calls;
	uint32_t seen;
	uint32_t copied;
	uint32_t next_id;
	uint32_t disordered;
};

/* Connect. Returns 0 or a negative errno. */
int sender_connect(struct sender *snd, const struct send_plan *plan,
		   const char *addr, int port);

/**
 * sender_step - one chunk
 * @snd: the socket
 * @plan: what to send
 * @until: stop at this position of the round
 *
 * Return: 0, or a negative errno: that of sendmsg, or -ETIME when the time
 * is up.
 */
int sender_step(struct sender *snd, const struct send_plan *plan,
		uint64_t until);

/*
 * Wait for all completions. Returns 0, -ETIME, or a
 * negative errno of the socket.
 */
int sender_complete(struct sender *snd, int64_t deadline);

#endif
