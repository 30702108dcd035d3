/* SPDX-License-Identifier: GPL-2.0 */
/* Command line of devmem_send. */
#ifndef TRAFFIC_OPTIONS_H
#define TRAFFIC_OPTIONS_H

#include "send.h"

#define MAX_SOCKETS	64
#define MAX_PAUSES	16

/* A bind request that must fail. */
enum bad { BAD_NOT, BAD_NO_IFINDEX, BAD_NO_FD, BAD_FD, BAD_FILE };

struct options {
	const char *server;
	int port;
	const char *ifname;
	int ifindex;
	uint64_t size;
	uint64_t seed;
	unsigned int sockets;
	unsigned int count;
	unsigned int binds;
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
	int timeout;
	struct send_plan plan;
};

extern struct options opt;

/* Fill opt, with defaults for what was left out; exits on a bad option. */
void parse_options(int argc, char **argv);

#endif
