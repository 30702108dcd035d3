// SPDX-License-Identifier: GPL-2.0-only
/* System calls on the peer's socket, which has no file: ld --wrap. */
#include "peer.h"
#include "wrap.h"

int __wrap_mnl_socket_bind(struct mnl_socket *nl, unsigned int groups,
			   pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

int __wrap_mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return 4711;
}

int __wrap_mnl_socket_get_fd(const struct mnl_socket *nl)
{
	(void)nl;
	return WRAP_FD;
}

/* First a second passes without an event, then there are some. */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	static bool second;

	(void)timeout;
	second = !second;
	if (count != 1 || fds->fd != WRAP_FD || second)
		return 0;
	fds->revents = fds->events;
	return 1;
}
