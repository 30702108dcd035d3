// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_fuzz: send so many messages, count what the kernel says. The messages
 * depend on the seed alone; what is closed or replaced under them, on time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netmem_tx.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "opts.h"
#include "util.h"

#define SOCKETS		4
#define BATCH		16
#define PROGRESS	20000
#define CMD_BIND_TX	15

static struct pool pool;

static struct {
	uint64_t seed;
	uint64_t count;
	bool churn;
} opt = { .seed = 1, .count = 10000 };

static const char help[] =
"usage: nmtx_fuzz [OPTION...]\n"
"  --seed N       other messages (1)\n"
"  --count N      so many of them (10000)\n"
"  --dev NAME     or number: bind-tx may succeed on it; repeatable\n"
"  --other NAME   or number: bind-tx fails on it; repeatable\n"
"  --churn        close and replace descriptors meanwhile\n";

static void add_dev(const char *name)
{
	pool_device(&pool, name, true);
}

static void add_other(const char *name)
{
	pool_device(&pool, name, false);
}

static const struct opt_def defs[] = {
	{ "seed", .num = &opt.seed },
	{ "count", .num = &opt.count },
	{ "dev", .call = add_dev },
	{ "other", .call = add_other },
	{ "churn", .on = &opt.churn },
	{ NULL },
};

static struct {
	uint64_t answered;
	uint64_t past;		/* the attributes' policy, at least so many */
	uint64_t binds;
	uint64_t errors[140];
} sum;

static struct families families;

/* The policy names the attribute; a handler says what it is about. */
static int on_tlv(const struct nlattr *attr, void *data)
{
	unsigned int *seen = data;
	unsigned int type = mnl_attr_get_type(attr);

	if (type < 32)
		*seen |= 1u << type;
	return MNL_CB_OK;
}

static void count_error(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	unsigned int seen = 0, skip = sizeof(*err);

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += mnl_nlmsg_get_payload_len(&err->msg);
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(nlh, skip, on_tlv, &seen);
	sum.answered++;
	sum.errors[-err->error < 140 ? -err->error : 139]++;
	switch (-err->error) {
	case EPERM:
		return;
	case EINVAL:
	case EOPNOTSUPP:
		if (!seen)
			return;
		break;
	}
	if (!(seen & (1u << NLMSGERR_ATTR_OFFS | 1u << NLMSGERR_ATTR_POLICY)))
		sum.past++;
}

static void count_answer(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == NLMSG_ERROR) {
		count_error(nlh);
	} else if (nlh->nlmsg_type == NLMSG_DONE) {
		sum.answered++;
		sum.past++;
	} else if (nlh->nlmsg_type == families.netdev &&
		   genl->cmd == CMD_BIND_TX) {
		sum.binds++;
	}
}

/* All answers that are there. */
static void drain(struct mnl_socket *nl)
{
	static char buf[65536];
	struct nlmsghdr *nlh;
	ssize_t got;
	int len;

	for (;;) {
		got = recv(mnl_socket_get_fd(nl), buf, sizeof(buf), MSG_DONTWAIT);
		if (got < 0 && errno == EAGAIN)
			return;
		if (got < 0 && errno != ENOBUFS && errno != EINTR)
			die("netlink: receive");
		len = got;
		nlh = (struct nlmsghdr *)buf;
		for (; len > 0 && mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
			count_answer(nlh);
	}
}

static struct mnl_socket *open_socket(void)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	int on = 1, room = 1 << 20;

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		die("netlink: open");
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	return nl;
}

static int on_family(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)data = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static uint16_t family(const char *name)
{
	struct mnl_socket *nl = open_socket();
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;
	uint16_t id = 0;
	char buf[8192];
	ssize_t len;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = GENL_ID_CTRL;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = CTRL_CMD_GETFAMILY;
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, name);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		die("netlink: send");
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	nlh = (struct nlmsghdr *)buf;
	if (len > 0 && nlh->nlmsg_type == GENL_ID_CTRL)
		mnl_attr_parse(nlh, sizeof(*genl), on_family, &id);
	mnl_socket_close(nl);
	return id;
}

/* Up to BATCH messages in one buffer; returns how many. */
static unsigned int send_some(struct mnl_socket *nl, struct rng *rng,
			      unsigned int most)
{
	static char buf[BATCH * MAX_MESSAGE];
	unsigned int n = 1 + rng_below(rng, BATCH), i;
	size_t len = 0;

	if (n > most)
		n = most;
	for (i = 0; i < n; i++)
		len += NLMSG_ALIGN(message_make(buf + len, rng, &pool, &families,
						i + 1));
	if (mnl_socket_sendto(nl, buf, len) < 0 && errno != ENOBUFS &&
	    errno != EMSGSIZE)
		die("netlink: send");
	drain(nl);
	return n;
}

static void report(uint64_t sent)
{
	unsigned int i;

	say("fuzz: seed %llu sent %llu answered %llu past-policy %llu binds %llu\n",
	    (unsigned long long)opt.seed, (unsigned long long)sent,
	    (unsigned long long)sum.answered, (unsigned long long)sum.past,
	    (unsigned long long)sum.binds);
	for (i = 0; i < 140; i++)
		if (sum.errors[i])
			say("fuzz-errno: %s %llu\n", i ? errno_name(i) : "ok",
			    (unsigned long long)sum.errors[i]);
}

int main(int argc, char **argv)
{
	struct mnl_socket *nl[SOCKETS];
	struct rng rng;
	uint64_t sent = 0, said = 0;
	unsigned int i;

	if (opts_parse(argc, argv, defs, help) != argc || !pool.n_good)
		opts_help(help);
	families.netdev = family("netdev");
	families.ours = family(NETMEM_TX_FAMILY_NAME);
	if (!families.netdev)
		die("generic netlink family netdev");
	pool_make(&pool);
	rng.state = opt.seed * 0x9e3779b97f4a7c15ULL | 1;
	if (opt.churn)
		pool_churn(&pool, opt.seed);
	for (i = 0; i < SOCKETS; i++)
		nl[i] = open_socket();
	while (sent < opt.count) {
		i = rng_below(&rng, SOCKETS);
		sent += send_some(nl[i], &rng, opt.count - sent);
		if (rng_often(&rng, 4)) {
			mnl_socket_close(nl[i]);
			nl[i] = open_socket();
		}
		if (sent - said >= PROGRESS) {
			say("at %llu\n", (unsigned long long)sent);
			said = sent;
		}
	}
	report(sent);
	return EX_GOOD;
}
