/* SPDX-License-Identifier: GPL-2.0 */
/* Command line of devmem_send. */
#ifndef TRAFFIC_OPTIONS_H
#define TRAFFIC_OPTIONS_H

#include "send.h"

#define MAX_SOCKETS	64
#define MAX_PAUSES	16

/* A bind request that must fail. */
enum bad { BAD_NOT, BAD_NO_IFINDEX, BAD_NO_FD, BAD_FD, BAD_FILE };

/**
 * struct options - what devmem_send was asked to do; options.c has the help
 * @server: where to send to
 * @port: its port
 * @ifname: device to bind to
 * @ifindex: the same by number; negative: none
 * @size: bytes of the dma-buf
 * @seed: seed of its pattern
 * @sockets: connections, each gets all bytes
 * @count: how many times
 * @binds: bind requests
 * @bind_only: do not connect
 * @connect_first: connect, then bind
 * @hold: keep all open until stdin closes
 * @have_id: send with a given id, do not bind
 * @rx: bind-rx, not bind-tx
 * @rx_queue: for @rx; negative: none
 * @bad: which part of the request is wrong
 * @unbind_at: close the netlink socket after so many bytes; negative: do not
 * @pause_bound: wait for stdin after the bind
 * @pauses: wait for stdin after so many bytes
 * @nr_pauses: how many of them
 * @expect_errno: exit 0 only if it fails with this one
 * @expect_extack: and this text
 * @timeout: seconds for all
 * @plan: how to send
 */
struct options {
	const char *server;
	uint64_t port;
	const char *ifname;
	int ifindex;
	uint64_t size;
	uint64_t seed;
	uint64_t sockets;
	uint64_t count;
	uint64_t binds;
	bool bind_only;
	bool connect_first;
	bool hold;
	bool have_id;
	bool rx;
	int rx_queue;
	enum bad bad;
	int64_t unbind_at;
	bool pause_bound;
	int64_t pauses[MAX_PAUSES];
	unsigned int nr_pauses;
	int expect_errno;
	const char *expect_extack;
	uint64_t timeout;
	struct send_plan plan;
};

extern struct options opt;

/* Fill opt, with defaults for what was left out; exits on a bad option. */
void parse_options(int argc, char **argv);

#endif
