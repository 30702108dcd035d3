/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small netlink layer over libmnl: requests, dumps, notifications,
 * extended acknowledgments, generic netlink families.
 */
#ifndef NMTX_NL_H
#define NMTX_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include "macros.h"

#define NL_REQUEST_SIZE		1024	/* our requests are far smaller */
#define NL_EXTACK_SIZE		256

/**
 * struct nl - one netlink socket
 * @sk: the socket
 * @portid: our address
 * @seq: sequence number of the last request
 * @extack: the kernel's words on the last request, empty if none
 */
struct nl {
	struct mnl_socket *sk;
	unsigned int portid;
	unsigned int seq;
	char extack[NL_EXTACK_SIZE];
};

/**
 * struct nl_reply - all messages that answer one request
 * @buf: the messages, one after the other
 * @len: bytes in @buf
 * @room: bytes allocated
 * @interrupted: the dump changed under us: NLM_F_DUMP_INTR
 */
struct nl_reply {
	char *buf;
	size_t len;
	size_t room;
	bool interrupted;
};

/**
 * struct nl_req - room for a request
 * @nlh: the header, to put attributes to
 * @buf: the bytes
 */
struct nl_req {
	struct nlmsghdr *nlh;
	char buf[NL_REQUEST_SIZE] __aligned(8);
};

/**
 * struct genl_family - what the kernel says of a family
 * @id: message type
 * @version: its version
 * @ops: a bit for each command
 * @events: multicast group that was asked for, 0 if there is none
 */
struct genl_family {
	uint16_t id;
	uint8_t version;
	uint64_t ops;
	uint32_t events;
};

/* Called for each message of a reply. Negative errno stops. */
typedef int (*nl_cb)(const struct nlmsghdr *nlh, void *arg);

int nl_open(struct nl *nl, int bus);
void nl_close(struct nl *nl);
int nl_do(struct nl *nl, struct nl_req *req, nl_cb cb, void *arg);
int nl_dump(struct nl *nl, struct nl_req *req, nl_cb cb, void *arg);
int nl_join(struct nl *nl, uint32_t group);
int nl_listen(struct nl *nl, nl_cb cb, void *arg);
__printf(3, 4) int nl_fail(const struct nl *nl, int err, const char *fmt, ...);

int nl_collect(struct nl *nl, struct nl_reply *reply, const void *buf,
	       size_t len);
int nl_each(const struct nl_reply *reply, nl_cb cb, void *arg);
void nl_reply_free(struct nl_reply *reply);

int nl_attrs(const struct nlmsghdr *nlh, size_t hdrlen, const uint8_t *types,
	     const struct nlattr **tb, unsigned int max);
int nl_attrs_nested(const struct nlattr *nest, const uint8_t *types,
		    const struct nlattr **tb, unsigned int max);

void nl_put_header(struct nl_req *req, uint16_t type, const void *extra,
		   size_t size);
void genl_put_header(struct nl_req *req, const struct genl_family *family,
		     uint8_t cmd);
int genl_cmd(const struct nlmsghdr *nlh);
int genl_find(struct nl *nl, const char *name, const char *group,
	      struct genl_family *family);

/**
 * genl_attrs() - parse the attributes of a generic netlink message
 * @nlh: the message
 * @types: enum mnl_attr_data_type for each attribute
 * @tb: where to put them, @max + 1 entries
 * @max: highest attribute that we know
 *
 * Return: 0 or -EBADMSG.
 */
static inline int genl_attrs(const struct nlmsghdr *nlh, const uint8_t *types,
			     const struct nlattr **tb, unsigned int max)
{
	return nl_attrs(nlh, sizeof(struct genlmsghdr), types, tb, max);
}

#endif /* NMTX_NL_H */
