// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink requests and replies. A whole reply is collected before anything
 * is printed, so that an interrupted dump can be asked for again.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nl.h"
#include "out.h"

#define NL_DUMP_TRIES	8
#define NL_MAX_ERRNO	4095
#define NL_RECV_SIZE	32768	/* the kernel's dumps use no more */

/**
 * nl_open() - open a netlink socket in the current network namespace
 * @nl: the socket
 * @bus: NETLINK_GENERIC, NETLINK_ROUTE
 *
 * Return: 0 or -errno. nl_close() is safe in both cases.
 */
int nl_open(struct nl *nl, int bus)
{
	int on = 1;

	memset(nl, 0, sizeof(*nl));
	nl->sk = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!nl->sk)
		return -errno;
	if (mnl_socket_bind(nl->sk, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	/* Without these the kernel only says less. */
	mnl_socket_setsockopt(nl->sk, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sk, NETLINK_CAP_ACK, &on, sizeof(on));
	nl->portid = mnl_socket_get_portid(nl->sk);
	nl->seq = (unsigned int)time(NULL);
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->sk)
		mnl_socket_close(nl->sk);
	nl->sk = NULL;
}

void nl_reply_free(struct nl_reply *reply)
{
	free(reply->buf);
	memset(reply, 0, sizeof(*reply));
}

/* As mnl_nlmsg_ok(), which takes a length above INT_MAX for a negative one. */
static bool nl_ok(const struct nlmsghdr *nlh, int left)
{
	return left >= (int)sizeof(*nlh) && nlh->nlmsg_len <= (uint32_t)left &&
	       mnl_nlmsg_ok(nlh, left);
}

static int nl_reply_add(struct nl_reply *reply, const struct nlmsghdr *nlh)
{
	size_t size = NLMSG_ALIGN((size_t)nlh->nlmsg_len);

	if (reply->len + size > reply->room) {
		size_t room = (reply->len + size) * 2;
		char *buf = realloc(reply->buf, room);

		if (!buf)
			return -ENOMEM;
		reply->buf = buf;
		reply->room = room;
	}
	memset(reply->buf + reply->len, 0, size);
	memcpy(reply->buf + reply->len, nlh, nlh->nlmsg_len);
	reply->len += size;
	return 0;
}

/* Keep the extended ack's text, which starts at @offset of the payload. */
static void nl_keep_extack(struct nl *nl, const struct nlmsghdr *nlh,
			   size_t offset)
{
	static const uint8_t types[NLMSGERR_ATTR_MSG + 1] = {
		[NLMSGERR_ATTR_MSG] = MNL_TYPE_NUL_STRING,
	};
	const struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) ||
	    nl_attrs(nlh, offset, types, tb, NLMSGERR_ATTR_MSG) ||
	    !tb[NLMSGERR_ATTR_MSG])
		return;
	snprintf(nl->extack, sizeof(nl->extack), "%s",
		 mnl_attr_get_str(tb[NLMSGERR_ATTR_MSG]));
}

/* 0 or -errno, whatever came. */
static int nl_errno(int error)
{
	return error > 0 || error < -NL_MAX_ERRNO ? -EBADMSG : error;
}

/* NLMSG_ERROR: an error, or an acknowledgment. 0 or -errno. */
static int nl_got_error(struct nl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*err);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return -EBADMSG;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    err->msg.nlmsg_len > sizeof(err->msg))
		offset += err->msg.nlmsg_len - sizeof(err->msg);
	nl_keep_extack(nl, nlh, offset);
	return nl_errno(err->error);
}

/* NLMSG_DONE: the end of a dump. 0 or -errno. */
static int nl_got_done(struct nl *nl, const struct nlmsghdr *nlh)
{
	const int *err = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return 0;
	nl_keep_extack(nl, nlh, sizeof(*err));
	return nl_errno(*err);
}

/**
 * nl_collect() - sort out one datagram of a reply
 * @nl: the socket, for its address, sequence number and extack
 * @reply: where the messages go
 * @buf: the datagram
 * @len: its length
 *
 * Return: 1 if more is to come, 0 at the end, or -errno.
 */
int nl_collect(struct nl *nl, struct nl_reply *reply, const void *buf,
	       size_t len)
{
	const struct nlmsghdr *nlh = buf;
	int left = (int)len;
	int ret;

	for (; nl_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (!mnl_nlmsg_seq_ok(nlh, nl->seq) ||
		    !mnl_nlmsg_portid_ok(nlh, nl->portid))
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			reply->interrupted = true;
		switch (nlh->nlmsg_type) {
		case NLMSG_NOOP:
			break;
		case NLMSG_ERROR:
			return nl_got_error(nl, nlh);
		case NLMSG_DONE:
			return nl_got_done(nl, nlh);
		case NLMSG_OVERRUN:
			return -ENOBUFS;
		default:
			ret = nl_reply_add(reply, nlh);
			if (ret)
				return ret;
		}
	}
	return left > 0 ? -EBADMSG : 1;
}

static int nl_receive(struct nl *nl, struct nl_reply *reply)
{
	static char buf[NL_RECV_SIZE] __aligned(8);
	ssize_t len;
	int ret;

	do {
		len = mnl_socket_recvfrom(nl->sk, buf, sizeof(buf));
		if (len < 0) {
			if (errno == EINTR) {
				ret = 1;
				continue;
			}
			return -errno;
		}
		ret = nl_collect(nl, reply, buf, (size_t)len);
	} while (ret == 1);
	return ret;
}

/* Send @req and collect what comes back. */
static int nl_talk(struct nl *nl, struct nl_req *req, struct nl_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	nl->extack[0] = '\0';
	req->nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(nl->sk, req->nlh, req->nlh->nlmsg_len) < 0)
		return -errno;
	return nl_receive(nl, reply);
}

/**
 * nl_each() - call a function for each message of a reply
 * @reply: the messages
 * @cb: the function, may be NULL
 * @arg: handed to it
 *
 * Return: 0, or the first -errno of @cb.
 */
int nl_each(const struct nl_reply *reply, nl_cb cb, void *arg)
{
	const struct nlmsghdr *nlh = (const void *)reply->buf;
	int left = (int)reply->len;
	int ret;

	if (!cb || !nlh)
		return 0;
	for (; nl_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		ret = cb(nlh, arg);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/**
 * nl_do() - a request with one answer at most
 * @nl: the socket
 * @req: the request
 * @cb: called for the answer, may be NULL
 * @arg: handed to @cb
 *
 * Return: 0 or -errno; nl->extack has the kernel's text.
 */
int nl_do(struct nl *nl, struct nl_req *req, nl_cb cb, void *arg)
{
	struct nl_reply reply;
	int ret;

	req->nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	ret = nl_talk(nl, req, &reply);
	if (!ret && nl->extack[0])
		warn_user("%s", nl->extack);
	if (!ret)
		ret = nl_each(&reply, cb, arg);
	nl_reply_free(&reply);
	return ret;
}

/**
 * nl_dump() - a request with a list as answer
 * @nl: the socket
 * @req: the request
 * @cb: called for each entry, once the whole list is here
 * @arg: handed to @cb
 *
 * A list that changed while the kernel wrote it is asked for again.
 *
 * Return: 0 or -errno; -EINTR if it never stood still.
 */
int nl_dump(struct nl *nl, struct nl_req *req, nl_cb cb, void *arg)
{
	struct nl_reply reply;
	int tries = NL_DUMP_TRIES;
	int ret;

	req->nlh->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
	do {
		ret = nl_talk(nl, req, &reply);
		if (!ret && reply.interrupted)
			ret = -EINTR;
		if (!ret)
			ret = nl_each(&reply, cb, arg);
		nl_reply_free(&reply);
	} while (ret == -EINTR && --tries > 0);
	if (ret == -EINTR)
		snprintf(nl->extack, sizeof(nl->extack),
			 "the list changes all the time");
	return ret;
}

int nl_join(struct nl *nl, uint32_t group)
{
	if (mnl_socket_setsockopt(nl->sk, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0)
		return -errno;
	return 0;
}

/**
 * nl_listen() - wait for one datagram of notifications
 * @nl: the socket, member of a group
 * @cb: called for each message
 * @arg: handed to @cb
 *
 * Return: 0 or -errno; -ENOBUFS if some were lost.
 */
int nl_listen(struct nl *nl, nl_cb cb, void *arg)
{
	static char buf[NL_RECV_SIZE] __aligned(8);
	struct nl_reply reply = { .buf = buf };
	ssize_t len;

	len = mnl_socket_recvfrom(nl->sk, buf, sizeof(buf));
	if (len < 0)
		return -errno;
	reply.len = (size_t)len;
	return nl_each(&reply, cb, arg);
}

static int nl_keep_attr(const struct nlattr *attr, const uint8_t *types,
			const struct nlattr **tb, unsigned int max)
{
	unsigned int type = mnl_attr_get_type(attr);

	/* A newer kernel may say more than we know. */
	if (type > max)
		return 0;
	if (types[type] != MNL_TYPE_UNSPEC &&
	    mnl_attr_validate(attr, types[type]) < 0)
		return -EBADMSG;
	tb[type] = attr;
	return 0;
}

/**
 * nl_attrs() - parse the attributes of a message
 * @nlh: the message
 * @hdrlen: length of the header in front of the attributes
 * @types: enum mnl_attr_data_type for each attribute
 * @tb: where to put them, @max + 1 entries
 * @max: highest attribute that we know
 *
 * Return: 0 or -EBADMSG.
 */
int nl_attrs(const struct nlmsghdr *nlh, size_t hdrlen, const uint8_t *types,
	     const struct nlattr **tb, unsigned int max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	if (mnl_nlmsg_get_payload_len(nlh) < hdrlen)
		return -EBADMSG;
	mnl_attr_for_each(attr, nlh, hdrlen) {
		if (nl_keep_attr(attr, types, tb, max))
			return -EBADMSG;
	}
	return 0;
}

/**
 * nl_attrs_nested() - parse the attributes inside an attribute
 * @nest: the outer attribute
 * @types: see nl_attrs()
 * @tb: see nl_attrs()
 * @max: see nl_attrs()
 *
 * Return: 0 or -EBADMSG.
 */
int nl_attrs_nested(const struct nlattr *nest, const uint8_t *types,
		    const struct nlattr **tb, unsigned int max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(attr, nest) {
		if (nl_keep_attr(attr, types, tb, max))
			return -EBADMSG;
	}
	return 0;
}

/**
 * nl_put_header() - start a request
 * @req: the request
 * @type: message type
 * @extra: the family's own header
 * @size: its length
 */
void nl_put_header(struct nl_req *req, uint16_t type, const void *extra,
		   size_t size)
{
	req->nlh = mnl_nlmsg_put_header(req->buf);
	req->nlh->nlmsg_type = type;
	memcpy(mnl_nlmsg_put_extra_header(req->nlh, size), extra, size);
}

/**
 * nl_fail() - print why a request failed, with the kernel's text if any
 * @nl: the socket, may be NULL
 * @err: -errno
 * @fmt: what was tried
 *
 * Return: EXIT_RUNTIME, for the caller to return.
 */
int nl_fail(const struct nl *nl, int err, const char *fmt, ...)
{
	const char *text = nl ? nl->extack : "";
	char what[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return fail("%s: %s%s%s", what, strerror(-err), *text ? ": " : "",
		    text);
}
