// SPDX-License-Identifier: GPL-2.0
/* Requests to the kernel's generic netlink family "netdev"; see netdev.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netdev.h"
#include "util.h"

/* From the kernel's uapi; system headers may be older than the kernel. */
enum {
	CMD_BIND_RX		= 13,
	CMD_BIND_TX		= 15,
	CMD_QUEUE_CREATE	= 16,

	A_DMABUF_IFINDEX	= 1,
	A_DMABUF_QUEUES		= 2,
	A_DMABUF_FD		= 3,
	A_DMABUF_ID		= 4,

	A_QUEUE_ID		= 1,
	A_QUEUE_IFINDEX		= 2,
	A_QUEUE_TYPE		= 3,
	A_QUEUE_LEASE		= 8,
	QUEUE_TYPE_RX		= 0,

	A_LEASE_IFINDEX		= 1,
	A_LEASE_QUEUE		= 2,
	A_LEASE_NETNS_ID	= 3,
};

struct netdev_sock {
	struct mnl_socket *nl;
	uint16_t family;
	uint32_t seq;
};

/* One request being built or answered. */
struct call {
	char buf[8192];
	struct nlmsghdr *nlh;
	struct netdev_answer *ans;
	uint16_t id_attr;	/* attribute of the answer that is the id */
};

static void call_init(struct call *call, struct netdev_answer *ans,
		      uint16_t family, uint8_t cmd, uint16_t id_attr)
{
	struct genlmsghdr *genl;

	memset(call, 0, sizeof(*call));
	memset(ans, 0, sizeof(*ans));
	call->ans = ans;
	call->id_attr = id_attr;
	call->nlh = mnl_nlmsg_put_header(call->buf);
	call->nlh->nlmsg_type = family;
	call->nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl = mnl_nlmsg_put_extra_header(call->nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
}

static int on_extack(const struct nlattr *attr, void *data)
{
	struct call *call = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(call->ans->extack, sizeof(call->ans->extack), "%s",
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static int on_ack(const struct nlmsghdr *nlh, void *data)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	unsigned int skip = sizeof(*err);
	struct call *call = data;

	call->ans->err = -err->error;
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return MNL_CB_STOP;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	mnl_attr_parse(nlh, skip, on_extack, call);
	return MNL_CB_STOP;
}

static int on_attr(const struct nlattr *attr, void *data)
{
	struct call *call = data;

	if (mnl_attr_get_type(attr) != call->id_attr)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) == sizeof(uint16_t))
		call->ans->id = mnl_attr_get_u16(attr);
	else
		call->ans->id = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int on_reply(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), on_attr, data);
}

/* Send the request; read until its acknowledgment. */
static void call_run(struct netdev_sock *sock, struct call *call)
{
	static const mnl_cb_t control[NLMSG_MIN_TYPE] = {
		[NLMSG_ERROR] = on_ack,
	};
	uint32_t seq = ++sock->seq;
	int more = MNL_CB_OK;
	ssize_t n;

	call->nlh->nlmsg_seq = seq;
	if (mnl_socket_sendto(sock->nl, call->nlh, call->nlh->nlmsg_len) < 0)
		die("netlink: send");
	while (more > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(sock->nl, call->buf, sizeof(call->buf));
		if (n < 0)
			die("netlink: receive");
		more = mnl_cb_run2(call->buf, n, seq,
				   mnl_socket_get_portid(sock->nl), on_reply,
				   call, control, NLMSG_MIN_TYPE);
	}
	if (more < 0)
		die("netlink: answer");
}

struct netdev_sock *netdev_open(void)
{
	struct timeval limit = { .tv_sec = 30 };
	struct netdev_sock *sock = calloc(1, sizeof(*sock));
	struct netdev_answer ans;
	struct call call;
	int on = 1, fd;

	if (!sock)
		die("memory");
	sock->nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!sock->nl || mnl_socket_bind(sock->nl, 0, MNL_SOCKET_AUTOPID))
		die("netlink: open");
	mnl_socket_setsockopt(sock->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(sock->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	fd = mnl_socket_get_fd(sock->nl);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));

	call_init(&call, &ans, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
		  CTRL_ATTR_FAMILY_ID);
	mnl_attr_put_strz(call.nlh, CTRL_ATTR_FAMILY_NAME, "netdev");
	call_run(sock, &call);
	errno = ans.err;
	if (ans.err)
		die("generic netlink family netdev");
	sock->family = ans.id;
	return sock;
}

void netdev_close(struct netdev_sock *sock)
{
	mnl_socket_close(sock->nl);
	free(sock);
}

void netdev_bind(struct netdev_sock *sock, const struct netdev_bind *req,
		 struct netdev_answer *ans)
{
	struct nlattr *nest;
	struct call call;

	call_init(&call, ans, sock->family, req->rx ? CMD_BIND_RX : CMD_BIND_TX,
		  A_DMABUF_ID);
	if (req->ifindex >= 0)
		mnl_attr_put_u32(call.nlh, A_DMABUF_IFINDEX, req->ifindex);
	if (req->has_fd)
		mnl_attr_put_u32(call.nlh, A_DMABUF_FD, req->fd);
	if (req->rx && req->queue >= 0) {
		nest = mnl_attr_nest_start(call.nlh, A_DMABUF_QUEUES);
		mnl_attr_put_u32(call.nlh, A_QUEUE_ID, req->queue);
		mnl_attr_put_u32(call.nlh, A_QUEUE_TYPE, QUEUE_TYPE_RX);
		mnl_attr_nest_end(call.nlh, nest);
	}
	call_run(sock, &call);
}

void netdev_lease(struct netdev_sock *sock, const struct netdev_lease *req,
		  struct netdev_answer *ans)
{
	struct nlattr *lease, *queue;
	struct call call;

	call_init(&call, ans, sock->family, CMD_QUEUE_CREATE, A_QUEUE_ID);
	mnl_attr_put_u32(call.nlh, A_QUEUE_IFINDEX, req->ifindex);
	mnl_attr_put_u32(call.nlh, A_QUEUE_TYPE, QUEUE_TYPE_RX);
	lease = mnl_attr_nest_start(call.nlh, A_QUEUE_LEASE);
	mnl_attr_put_u32(call.nlh, A_LEASE_IFINDEX, req->phys_ifindex);
	queue = mnl_attr_nest_start(call.nlh, A_LEASE_QUEUE);
	mnl_attr_put_u32(call.nlh, A_QUEUE_ID, req->phys_queue);
	mnl_attr_put_u32(call.nlh, A_QUEUE_TYPE, QUEUE_TYPE_RX);
	mnl_attr_nest_end(call.nlh, queue);
	if (req->phys_nsid >= 0)
		mnl_attr_put_u32(call.nlh, A_LEASE_NETNS_ID, req->phys_nsid);
	mnl_attr_nest_end(call.nlh, lease);
	call_run(sock, &call);
}
