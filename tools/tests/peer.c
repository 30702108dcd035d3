// SPDX-License-Identifier: GPL-2.0-only
/* The far end of a netlink socket, in the place of libmnl's socket calls. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/netmem_tx.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "native.h"
#include "peer.h"

#define ROOM	16384

struct peer peer;

/* One datagram, given out once. */
static char answer[ROOM] __aligned(8);
static size_t answer_len;
static const struct nlmsghdr *request;
static bool joined;

void peer_reset(void)
{
	memset(&peer, 0, sizeof(peer));
	peer.busy_above = UINT32_MAX;
	peer.nsid = -1;
	peer.lease_inum = 5;
	joined = false;
	answer_len = 0;
}

uint32_t peer_random(void)
{
	peer.seed = peer.seed * 1664525u + 1013904223u;
	return peer.seed >> 8;
}

static struct nlmsghdr *start(uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(answer + answer_len);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	nlh->nlmsg_seq = request->nlmsg_seq;
	return nlh;
}

static struct nlmsghdr *start_genl(uint16_t type, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *nlh = start(type, flags);
	struct genlmsghdr *genl =
		mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));

	genl->cmd = cmd;
	return nlh;
}

static void end(const struct nlmsghdr *nlh)
{
	answer_len += NLMSG_ALIGN(nlh->nlmsg_len);
}

static void put_error(int error, const char *text)
{
	struct nlmsghdr *nlh = start(NLMSG_ERROR, 0);
	struct nlmsgerr *err = mnl_nlmsg_put_extra_header(nlh, sizeof(*err));
	size_t rest = request->nlmsg_len - sizeof(*request);

	err->error = -error;
	err->msg = *request;
	if (peer.capped || !error)
		nlh->nlmsg_flags |= NLM_F_CAPPED;
	else
		memcpy(mnl_nlmsg_put_extra_header(nlh, rest), request + 1,
		       rest);
	if (text) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	}
	end(nlh);
}

static void put_done(int error, const char *text)
{
	struct nlmsghdr *nlh = start(NLMSG_DONE, NLM_F_MULTI);

	*(int *)mnl_nlmsg_put_extra_header(nlh, sizeof(int)) = -error;
	if (text) {
		nlh->nlmsg_flags |= NLM_F_ACK_TLVS;
		mnl_attr_put_strz(nlh, NLMSGERR_ATTR_MSG, text);
	}
	end(nlh);
}

static void put_family(uint16_t id, uint32_t last_op)
{
	struct nlmsghdr *nlh = start_genl(GENL_ID_CTRL, CTRL_CMD_NEWFAMILY, 0);
	struct nlattr *outer, *inner;
	uint32_t op;

	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, id);
	mnl_attr_put_u32(nlh, CTRL_ATTR_VERSION, 1);
	outer = mnl_attr_nest_start(nlh, CTRL_ATTR_OPS);
	for (op = 1; op <= last_op; op++) {
		inner = mnl_attr_nest_start(nlh, op);
		mnl_attr_put_u32(nlh, CTRL_ATTR_OP_ID, op);
		mnl_attr_nest_end(nlh, inner);
	}
	mnl_attr_nest_end(nlh, outer);
	outer = mnl_attr_nest_start(nlh, CTRL_ATTR_MCAST_GROUPS);
	inner = mnl_attr_nest_start(nlh, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_MCAST_GRP_NAME, "events");
	mnl_attr_put_u32(nlh, CTRL_ATTR_MCAST_GRP_ID, PEER_GROUP);
	mnl_attr_nest_end(nlh, inner);
	mnl_attr_nest_end(nlh, outer);
	end(nlh);
	put_error(0, NULL);
}

static void on_ctrl(void)
{
	const struct nlattr *attr =
		mnl_nlmsg_get_payload_offset(request, GENL_HDRLEN);
	const char *name = mnl_attr_get_str(attr);

	if (!strcmp(name, "netdev"))
		put_family(PEER_NETDEV_ID, peer.no_leases ? 15 : 16);
	else if (!strcmp(name, "netmem-tx") && !peer.no_module)
		put_family(PEER_TX_ID, 8);
	else
		put_error(ENOENT, NULL);
}

static void put_dev(uint32_t ifindex, const char *name, uint32_t mode,
		    uint32_t source)
{
	struct nlmsghdr *nlh = start_genl(PEER_TX_ID, NETMEM_TX_CMD_DEV_GET,
					  NLM_F_MULTI);

	mnl_attr_put_u32(nlh, NETMEM_TX_A_DEV_IFINDEX, ifindex);
	mnl_attr_put_strz(nlh, NETMEM_TX_A_DEV_IFNAME, name);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_DEV_MODE, mode);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_DEV_SOURCE, source);
	if (peer.odd)
		mnl_attr_put_u64(nlh, 200, 1);
	end(nlh);
}

static void put_devs(void)
{
	put_dev(1, "lo", 0, 0);
	if (!peer.no_nic)
		put_dev(2, "eth0", 1, 1);
	if (peer.odd)
		put_dev(3, "\x1b[2Jn\"\xc3\xa4\xff", 7, 9);
	else
		put_dev(3, "nk0", 2, 2);
}

static void put_lease(uint8_t cmd, bool named)
{
	struct nlmsghdr *nlh = start_genl(PEER_TX_ID, cmd, NLM_F_MULTI);

	mnl_attr_put_u32(nlh, NETMEM_TX_A_LEASE_VDEV_IFINDEX, 4);
	if (named)
		mnl_attr_put_strz(nlh, NETMEM_TX_A_LEASE_VDEV_IFNAME, "nk1");
	mnl_attr_put_u32(nlh, NETMEM_TX_A_LEASE_VDEV_NETNS_INUM,
			 peer.lease_inum);
	if (named) {
		mnl_attr_put_u32(nlh, NETMEM_TX_A_LEASE_NIC_IFINDEX, 2);
		mnl_attr_put_strz(nlh, NETMEM_TX_A_LEASE_NIC_IFNAME, "eth0");
	}
	if (peer.native)
		mnl_attr_put(nlh, NETMEM_TX_A_LEASE_NATIVE, 0, NULL);
	end(nlh);
}

static void put_binding(uint8_t cmd)
{
	struct nlmsghdr *nlh = start_genl(PEER_TX_ID, cmd, NLM_F_MULTI);

	mnl_attr_put_u32(nlh, NETMEM_TX_A_BINDING_ID, 9);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_BINDING_STATE, 1);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_BINDING_VDEV_IFINDEX, 4);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_BINDING_VDEV_NETNS_INUM, 5);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_BINDING_UID, 1000);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_BINDING_PID, 77);
	mnl_attr_put_u64(nlh, NETMEM_TX_A_BINDING_SIZE, UINT64_MAX);
	end(nlh);
}

static void put_stats(void)
{
	struct nlmsghdr *nlh = start_genl(PEER_TX_ID, NETMEM_TX_CMD_STATS_GET,
					  0);
	uint16_t i;

	mnl_attr_put(nlh, NETMEM_TX_A_STATS_PAD, 0, NULL);
	for (i = NETMEM_TX_A_STATS_BIND; i <= NETMEM_TX_A_STATS_MAX; i++)
		mnl_attr_put_u64(nlh, i, i * 10 + (i == NETMEM_TX_A_STATS_DROP_GSO ?
						  peer.drops : 0));
	peer.drops *= 3;
	end(nlh);
}

static void put_status(void)
{
	struct nlmsghdr *nlh = start_genl(PEER_TX_ID, NETMEM_TX_CMD_STATUS_GET,
					  0);

	mnl_attr_put_strz(nlh, NETMEM_TX_A_STATUS_VERSION, "1.2.3");
	mnl_attr_put_u32(nlh, NETMEM_TX_A_STATUS_NATIVE_LEASES, peer.native);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_STATUS_HOOK, 0);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_STATUS_ATTACHED, !peer.empty);
	if (!peer.empty)
		mnl_attr_put_u32(nlh, NETMEM_TX_A_STATUS_BACKEND, 2);
	if (peer.draining)
		mnl_attr_put_u32(nlh, NETMEM_TX_A_STATUS_DRAINING, 1);
	mnl_attr_put_u32(nlh, NETMEM_TX_A_STATUS_MAX_BINDINGS, 4096);
	end(nlh);
}

static void put_drain(void)
{
	struct nlmsghdr *nlh = start_genl(PEER_TX_ID, NETMEM_TX_CMD_DRAIN, 0);

	mnl_attr_put_u32(nlh, NETMEM_TX_A_DRAIN_REVOKED, 3);
	end(nlh);
}

static void put_leases(uint8_t cmd)
{
	if (peer.no_lease)
		return;
	put_lease(cmd, true);
	put_lease(cmd, false);
}

static void put_list(uint8_t cmd)
{
	if (cmd == NETMEM_TX_CMD_DEV_GET)
		put_devs();
	else if (cmd == NETMEM_TX_CMD_BINDING_GET)
		put_binding(cmd);
	else if (cmd == NETMEM_TX_CMD_LEASE_GET)
		put_leases(cmd);
}

static void on_tx(uint8_t cmd)
{
	if (cmd == NETMEM_TX_CMD_STATS_GET)
		put_stats();
	else if (cmd == NETMEM_TX_CMD_STATUS_GET)
		put_status();
	else if (cmd == NETMEM_TX_CMD_DRAIN)
		put_drain();
	else if (cmd == NETMEM_TX_CMD_DEV_GET)
		put_dev(1, "lo", 0, 0);
	put_error(cmd == NETMEM_TX_CMD_STATUS_GET ? 0 : peer.error,
		  peer.extack);
}

static void put_queue(uint32_t id, bool leased)
{
	struct nlmsghdr *nlh = start_genl(PEER_NETDEV_ID, NATIVE_CMD_QUEUE_GET,
					  NLM_F_MULTI);
	struct nlattr *lease, *queue;

	mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_ID, id);
	mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_TYPE, 0);
	mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_IFINDEX, 2);
	if (leased) {
		lease = mnl_attr_nest_start(nlh, NATIVE_A_QUEUE_LEASE);
		queue = mnl_attr_nest_start(nlh, NATIVE_A_LEASE_QUEUE);
		mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_ID, 1);
		mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_TYPE, 0);
		mnl_attr_nest_end(nlh, queue);
		mnl_attr_put_u32(nlh, NATIVE_A_LEASE_IFINDEX, 4);
		if (peer.nsid >= 0)
			mnl_attr_put_u32(nlh, NATIVE_A_LEASE_NETNS_ID,
					 (uint32_t)peer.nsid);
		mnl_attr_nest_end(nlh, lease);
	}
	end(nlh);
}

/* The number of the NIC's queue in a queue-create. */
static uint32_t wanted_queue(void)
{
	const struct nlattr *attr, *lease, *queue;

	mnl_attr_for_each(attr, request, GENL_HDRLEN) {
		if (mnl_attr_get_type(attr) != NATIVE_A_QUEUE_LEASE)
			continue;
		mnl_attr_for_each_nested(lease, attr) {
			if (mnl_attr_get_type(lease) != NATIVE_A_LEASE_QUEUE)
				continue;
			queue = mnl_attr_get_payload(lease);
			return mnl_attr_get_u32(queue);
		}
	}
	return UINT32_MAX;
}

static void on_netdev(void)
{
	struct nlmsghdr *nlh;

	if (request->nlmsg_flags & NLM_F_DUMP) {
		put_queue(0, false);
		put_queue(3, true);
		put_done(0, NULL);
	} else if (wanted_queue() > peer.busy_above) {
		put_error(EBUSY, "Device queue in use due to queue leasing");
	} else if (peer.error) {
		put_error(peer.error, peer.extack);
	} else {
		nlh = start_genl(PEER_NETDEV_ID, NATIVE_CMD_QUEUE_CREATE, 0);
		mnl_attr_put_u32(nlh, NATIVE_A_QUEUE_ID, 1);
		end(nlh);
		put_error(0, NULL);
	}
}

static void on_getlink(void)
{
	const struct ifinfomsg *asked = mnl_nlmsg_get_payload(request);
	const char *name = asked->ifi_index == 2 ? "eth0" : "nk1";
	const struct nlattr *attr;
	struct ifinfomsg *info;
	struct nlmsghdr *nlh;

	mnl_attr_for_each(attr, request, sizeof(*asked)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			name = mnl_attr_get_str(attr);
	}
	if (strcmp(name, "eth0") && strcmp(name, "nk1")) {
		put_error(ENODEV, NULL);
		return;
	}
	nlh = start(RTM_NEWLINK, 0);
	info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ifi_index = strcmp(name, "eth0") ? 4 : 2;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_NUM_RX_QUEUES, 4);
	end(nlh);
	put_error(0, NULL);
}

static void on_nsid(void)
{
	struct nlmsghdr *nlh;

	if (request->nlmsg_type == RTM_NEWNSID) {
		peer.nsid = 11;
	} else {
		nlh = start(RTM_NEWNSID, 0);
		mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
		mnl_attr_put_u32(nlh, NETNSA_NSID, (uint32_t)peer.nsid);
		end(nlh);
	}
	put_error(0, NULL);
}

static void on_getroute(void)
{
	struct nlmsghdr *nlh = start(RTM_NEWROUTE, NLM_F_MULTI);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = AF_INET;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_OIF, peer.no_route ? 1 : 4);
	end(nlh);
	put_done(0, NULL);
}

static void reply_list(uint8_t cmd)
{
	struct nlmsghdr *first = (void *)answer;

	if (!peer.empty)
		put_list(cmd);
	put_done(peer.error, peer.extack);
	if (peer.interrupts > 0) {
		peer.interrupts--;
		first->nlmsg_flags |= NLM_F_DUMP_INTR;
	}
}

struct mnl_socket *__wrap_mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return (struct mnl_socket *)answer;
}

/* Whoever joined the events gets some, and then the end of the family. */
static void put_events(void)
{
	static const struct nlmsghdr none;
	struct nlmsghdr *nlh;

	joined = false;
	request = &none;
	put_lease(NETMEM_TX_CMD_LEASE_ADD_NTF, true);
	put_binding(NETMEM_TX_CMD_BINDING_DEL_NTF);
	nlh = start_genl(GENL_ID_CTRL, CTRL_CMD_DELFAMILY, 0);
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, PEER_TX_ID);
	end(nlh);
}

int __wrap_mnl_socket_setsockopt(const struct mnl_socket *nl, int type,
				 void *buf, socklen_t len)
{
	uint32_t group;

	(void)nl;
	if (type == NETLINK_ADD_MEMBERSHIP && len == sizeof(group)) {
		memcpy(&group, buf, sizeof(group));
		joined |= group == PEER_GROUP;
	}
	return 0;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *nl, const void *buf,
				 size_t len)
{
	const struct genlmsghdr *genl;

	(void)nl;
	memcpy(peer.sent, buf, len);
	request = (const void *)peer.sent;
	genl = mnl_nlmsg_get_payload(request);
	answer_len = 0;
	switch (request->nlmsg_type) {
	case GENL_ID_CTRL:
		on_ctrl();
		break;
	case PEER_TX_ID:
		if (request->nlmsg_flags & NLM_F_DUMP)
			reply_list(genl->cmd);
		else
			on_tx(genl->cmd);
		break;
	case PEER_NETDEV_ID:
		on_netdev();
		break;
	case RTM_GETLINK:
		on_getlink();
		break;
	case RTM_GETROUTE:
		on_getroute();
		break;
	default:
		on_nsid();
	}
	return (ssize_t)len;
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf,
				   size_t len)
{
	unsigned int i;
	size_t size;

	(void)nl;
	if (!answer_len && joined)
		put_events();
	size = answer_len;
	if (!size || size > len) {
		errno = EIO;
		return -1;
	}
	for (i = 0; i < peer.fuzz; i++)
		answer[peer_random() % size] = (char)peer_random();
	if (peer.fuzz && !(peer_random() % 4))
		size -= peer_random() % size;
	memcpy(buf, answer, size);
	answer_len = 0;
	return (ssize_t)size;
}
