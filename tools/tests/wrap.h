/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef NMTX_TEST_WRAP_H
#define NMTX_TEST_WRAP_H

#include <poll.h>
#include <stdbool.h>

#include <libmnl/libmnl.h>

#define WRAP_FD	(-2)

int __wrap_mnl_socket_get_fd(const struct mnl_socket *nl);
int __real_ioctl(int fd, unsigned long request, void *arg);
int __wrap_ioctl(int fd, unsigned long request, void *arg);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

#endif /* NMTX_TEST_WRAP_H */
