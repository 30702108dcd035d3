// SPDX-License-Identifier: GPL-2.0
/* TCP's two signatures, by the uapi's header: the C library has only one. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/tcp.h>

#include "sign.h"

static int peer_of(int fd, struct __kernel_sockaddr_storage *addr)
{
	socklen_t len = sizeof(*addr);

	return getpeername(fd, (void *)addr, &len) ? -errno : 0;
}

int sign_by_md5(int fd, const char *key)
{
	struct tcp_md5sig sig = { .tcpm_keylen = strlen(key) };
	int err = peer_of(fd, &sig.tcpm_addr);

	if (err)
		return err;
	if (sig.tcpm_keylen > sizeof(sig.tcpm_key))
		return -EINVAL;
	memcpy(sig.tcpm_key, key, sig.tcpm_keylen);
	if (setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &sig, sizeof(sig)))
		return -errno;
	return 0;
}

/* A first key for TCP-AO comes before connect(), or by repair. */
static int repair(int fd, int how)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &how, sizeof(how)) ?
	       -errno : 0;
}

int sign_by_ao(int fd, const char *key)
{
	struct tcp_ao_add add = {
		.alg_name = "hmac(sha256)",
		.sndid = 100,
		.rcvid = 100,
		.keylen = strlen(key),
	};
	int err = peer_of(fd, &add.addr);

	if (err)
		return err;
	if (strlen(key) > sizeof(add.key))
		return -EINVAL;
	memcpy(add.key, key, add.keylen);
	add.prefix = add.addr.ss_family == AF_INET ? 32 : 128;
	/* The port has the same place in both families, and has to be 0. */
	((struct sockaddr_in *)&add.addr)->sin_port = 0;
	err = repair(fd, TCP_REPAIR_ON);
	if (err)
		return err;
	if (setsockopt(fd, IPPROTO_TCP, TCP_AO_ADD_KEY, &add, sizeof(add)))
		return -errno;
	return repair(fd, TCP_REPAIR_OFF_NO_WP);
}
