/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the kernel's generic netlink family "netdev". */
#ifndef TRAFFIC_NETDEV_H
#define TRAFFIC_NETDEV_H

#include <stdbool.h>
#include <stdint.h>

struct netdev_sock;

/**
 * struct netdev_answer - what the kernel said
 * @err: 0, or a positive errno
 * @extack: its text, or ""
 * @id: dma-buf id, or queue id, when @err is 0
 */
struct netdev_answer {
	int err;
	char extack[256];
	uint32_t id;
};

/* Bindings live as long as this socket. Dies when the family is not there. */
struct netdev_sock *netdev_open(void);
void netdev_close(struct netdev_sock *sock);

/**
 * struct netdev_bind - a bind-tx or bind-rx request
 * @rx: bind-rx, to RX queue @queue
 * @ifindex: the device; left out when negative
 * @has_fd: give @fd
 * @fd: the dma-buf
 * @queue: RX queue; left out when negative
 */
struct netdev_bind {
	bool rx;
	int ifindex;
	bool has_fd;
	int fd;
	int queue;
};

void netdev_bind(struct netdev_sock *sock, const struct netdev_bind *req,
		 struct netdev_answer *ans);

/**
 * struct netdev_lease - a queue-create request: lease an RX queue (7.1 on)
 * @ifindex: the virtual device, in this network namespace
 * @phys_ifindex: the NIC that owns the queue
 * @phys_queue: the queue
 * @phys_nsid: id of the NIC's network namespace as seen here, or -1
 */
struct netdev_lease {
	int ifindex;
	int phys_ifindex;
	int phys_queue;
	int phys_nsid;
};

void netdev_lease(struct netdev_sock *sock, const struct netdev_lease *req,
		  struct netdev_answer *ans);

#endif
