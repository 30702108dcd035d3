// SPDX-License-Identifier: GPL-2.0
/*
 * Messages by the two families' own tables: most of them as they should be, the
 * others with one thing wrong.
 */
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netmem_tx.h>
#include <string.h>

#include "fuzz.h"

enum kind {
	IFINDEX,
	FD,
	NETNS,
	BOOL,
};

struct attr {
	uint16_t type;
	enum kind kind;
};

struct command {
	uint8_t cmd;
	uint16_t flags;
	struct attr attrs[4];
};

/* NETDEV_CMD_BIND_TX; system headers may be older than the kernel. */
static const struct command bind_tx = { 15, 0, { { 1, IFINDEX }, { 3, FD } } };

static const struct command commands[] = {
	{ NETMEM_TX_CMD_DEV_GET, 0, { { NETMEM_TX_A_DEV_IFINDEX, IFINDEX } } },
	{ NETMEM_TX_CMD_DEV_GET, NLM_F_DUMP, { } },
	{ NETMEM_TX_CMD_LEASE_ADD, 0, {
		{ NETMEM_TX_A_LEASE_VDEV_IFINDEX, IFINDEX },
		{ NETMEM_TX_A_LEASE_VDEV_NETNS_FD, NETNS },
		{ NETMEM_TX_A_LEASE_NIC_IFINDEX, IFINDEX } } },
	{ NETMEM_TX_CMD_LEASE_DEL, 0, {
		{ NETMEM_TX_A_LEASE_VDEV_IFINDEX, IFINDEX },
		{ NETMEM_TX_A_LEASE_VDEV_NETNS_FD, NETNS } } },
	{ NETMEM_TX_CMD_LEASE_GET, NLM_F_DUMP, { } },
	{ NETMEM_TX_CMD_BINDING_GET, NLM_F_DUMP, { } },
	{ NETMEM_TX_CMD_STATS_GET, 0, { } },
	{ NETMEM_TX_CMD_STATUS_GET, 0, { } },
	{ NETMEM_TX_CMD_DRAIN, 0, { { NETMEM_TX_A_DRAIN_ON, BOOL } } },
	{ NETMEM_TX_CMD_LEASE_ADD_NTF, 0, { } },
};

#define N_COMMANDS	(sizeof(commands) / sizeof(*commands))

/* See fuzz.h. */
uint64_t rng_next(struct rng *rng)
{
	rng->state ^= rng->state >> 12;
	rng->state ^= rng->state << 25;
	rng->state ^= rng->state >> 27;
	return rng->state * 0x2545f4914f6cdd1dULL;
}

static uint32_t value(struct rng *rng, const struct pool *pool, enum kind kind)
{
	if (rng_often(rng, 4))
		return rng_next(rng);
	switch (kind) {
	case IFINDEX:
		if (rng_often(rng, 60))
			return pool->ifindexes[pool->good[rng_below(rng, pool->n_good)]];
		return pool->ifindexes[rng_below(rng, pool->n_ifindexes)];
	case FD:
		return pool->fds[rng_below(rng, rng_often(rng, 80) ? SLOTS / 2 : SLOTS)];
	case NETNS:
		return pool->netns[rng_below(rng, 3)];
	case BOOL:
		/* Drained is over soon, or nothing could be bound. */
		return rng_often(rng, 3);
	}
	return 0;
}

static void put_random(struct nlmsghdr *nlh, struct rng *rng, uint16_t type,
		       size_t len)
{
	static uint8_t junk[16384];

	junk[rng_below(rng, sizeof(junk))] = rng_next(rng);
	mnl_attr_put(nlh, type, len, junk);
}

/* One attribute that is not as it should be. */
static void put_wrong(struct nlmsghdr *nlh, struct rng *rng, uint16_t type,
		      uint32_t val)
{
	struct nlattr *nest;

	switch (rng_below(rng, 7)) {
	case 0:			/* too short */
		mnl_attr_put(nlh, type, rng_below(rng, 4), &val);
		break;
	case 1:			/* too long */
		put_random(nlh, rng, type, 5 + rng_below(rng, 60));
		break;
	case 2:			/* huge */
		put_random(nlh, rng, type, 4096 + rng_below(rng, 12000));
		break;
	case 3:			/* unknown */
		mnl_attr_put_u32(nlh, 5 + rng_below(rng, 60), val);
		break;
	case 4:			/* says nested */
		mnl_attr_put_u32(nlh, type | NLA_F_NESTED, val);
		break;
	case 5:			/* nested, with something inside */
		nest = mnl_attr_nest_start(nlh, type);
		mnl_attr_put_u32(nlh, 1 + rng_below(rng, 4), val);
		if (rng_often(rng, 50))
			mnl_attr_put_u32(nlh, 1 + rng_below(rng, 4), val);
		mnl_attr_nest_end(nlh, nest);
		break;
	default:		/* twice */
		mnl_attr_put_u32(nlh, type, rng_next(rng));
		mnl_attr_put_u32(nlh, type, val);
	}
}

/* Something wrong with the message as such. */
static void damage(struct nlmsghdr *nlh, struct rng *rng)
{
	uint8_t *bytes = (uint8_t *)nlh;
	uint32_t len = nlh->nlmsg_len;
	unsigned int i;

	switch (rng_below(rng, 4)) {
	case 0:			/* cut, in or behind the header */
		nlh->nlmsg_len = NLMSG_HDRLEN + rng_below(rng, len - NLMSG_HDRLEN + 1);
		break;
	case 1:			/* flags */
		nlh->nlmsg_flags = NLM_F_REQUEST | rng_next(rng);
		break;
	case 2:			/* an attribute's length */
		if (len >= NLMSG_HDRLEN + GENL_HDRLEN + 4)
			bytes[NLMSG_HDRLEN + GENL_HDRLEN] = rng_next(rng);
		break;
	default:		/* some bytes of command and attributes */
		for (i = rng_below(rng, 4); i < 4; i++)
			bytes[NLMSG_HDRLEN + rng_below(rng, len - NLMSG_HDRLEN)] =
				rng_next(rng);
	}
}

static void put_attrs(struct nlmsghdr *nlh, struct rng *rng,
		      const struct pool *pool, const struct command *command)
{
	unsigned int wrong = rng_often(rng, 18) ? rng_below(rng, 4) : 4, i;
	const struct attr *attr;
	uint32_t val;

	for (i = 0; i < 4 && command->attrs[i].type; i++) {
		attr = &command->attrs[i];
		/* Which namespace is often left out, the others seldom. */
		if (rng_often(rng, attr->kind == NETNS ? 50 : 4))
			continue;
		val = value(rng, pool, attr->kind);
		if (i == wrong)
			put_wrong(nlh, rng, attr->type, val);
		else
			mnl_attr_put_u32(nlh, attr->type, val);
	}
	if (rng_often(rng, 3))
		put_random(nlh, rng, rng_next(rng), rng_below(rng, 300));
}

/* See fuzz.h. */
size_t message_make(void *buf, struct rng *rng, const struct pool *pool,
		    const struct families *families, uint32_t seq)
{
	bool ours = families->ours && rng_often(rng, 50);
	const struct command *command = &bind_tx;
	struct genlmsghdr *genl;
	struct nlmsghdr *nlh;

	if (ours)
		command = &commands[rng_below(rng, N_COMMANDS)];
	memset(buf, 0, NLMSG_HDRLEN + GENL_HDRLEN);
	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = ours ? families->ours : families->netdev;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | command->flags;
	nlh->nlmsg_seq = seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command->cmd;
	if (rng_often(rng, 3))
		genl->cmd = ours ? rng_next(rng) : 15;
	genl->version = rng_often(rng, 3) ? rng_next(rng) : 1;
	put_attrs(nlh, rng, pool, command);
	if (rng_often(rng, 8))
		damage(nlh, rng);
	return nlh->nlmsg_len;
}
