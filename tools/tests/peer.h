/* SPDX-License-Identifier: GPL-2.0-only */
/* A kernel that is not one: answers the requests of nmtx from a script. */
#ifndef NMTX_TEST_PEER_H
#define NMTX_TEST_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "macros.h"

#define PEER_TX_ID	0x30	/* message type of netmem-tx */
#define PEER_NETDEV_ID	0x31	/* and of netdev */
#define PEER_GROUP	7

/**
 * struct peer - how the peer behaves
 * @no_module: there is no family netmem-tx
 * @no_leases: the kernel has no RX-queue leases
 * @native: status says that the kernel has leases
 * @odd: send what only a newer or a hostile peer sends
 * @empty: lists are empty
 * @interrupts: so many dumps are interrupted
 * @error: answer requests that change or dump with this errno
 * @extack: and this text
 * @capped: leave the request out of the error
 * @busy_above: queues above this one are busy
 * @nsid: how other namespaces number ours
 * @drops: so many more packets were dropped; thrice that at the next look
 * @draining: the module takes no new bindings
 * @no_nic: no device of the module's can send device memory
 * @no_lease: the module has no lease
 * @lease_inum: the netns of the device that the module's lease is of
 * @no_route: no route leaves by nk1
 * @fuzz: turn so many bytes of each answer
 * @seed: of the random numbers for it
 * @sent: the last request, for the test to look at
 */
struct peer {
	bool no_module, no_leases, native, odd, empty, capped;
	bool draining, no_nic, no_lease, no_route;
	int interrupts;
	int error;
	const char *extack;
	uint32_t busy_above;
	uint64_t drops;
	uint32_t lease_inum;
	int32_t nsid;
	unsigned int fuzz;
	uint32_t seed;
	char sent[1024] __aligned(8);
};

extern struct peer peer;

void peer_reset(void);
uint32_t peer_random(void);

/* In the place of libmnl's: ld --wrap. */
struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags);
int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned int groups,
			   pid_t pid);
int __wrap_mnl_socket_close(struct mnl_socket *nl);
int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type,
				 void *buf, socklen_t len);
unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *nl);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *buf,
				 size_t len);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
				   size_t len);

#endif /* NMTX_TEST_PEER_H */
