// SPDX-License-Identifier: GPL-2.0-only
/* The family netmem-tx: find it, ask it, name its numbers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nmtx.h"

/**
 * tx_find() - look for the family
 * @tx: the socket; tx_close() is safe whatever this returns
 *
 * Return: 0, -ENOENT if the module is not loaded, or -errno.
 */
int tx_find(struct tx *tx)
{
	int ret;

	memset(tx, 0, sizeof(*tx));
	ret = nl_open(&tx->nl, NETLINK_GENERIC);
	if (!ret)
		ret = genl_find(&tx->nl, NETMEM_TX_FAMILY_NAME,
				NETMEM_TX_MCGRP_EVENTS, &tx->family);
	return ret;
}

void tx_close(struct tx *tx)
{
	nl_close(&tx->nl);
}

/**
 * tx_open() - like tx_find(), but say what is wrong
 * @tx: the socket
 *
 * Return: EXIT_OK or EXIT_RUNTIME; then nothing is left open.
 */
int tx_open(struct tx *tx)
{
	int ret = tx_find(tx);

	if (ret == -ENOENT)
		fail("module netmem_tx is not loaded");
	else if (ret)
		nl_fail(&tx->nl, ret, "generic netlink");
	if (!ret)
		return EXIT_OK;
	tx_close(tx);
	return EXIT_RUNTIME;
}

struct count {
	nl_cb cb;
	unsigned int answers;
};

static int count_cb(const struct nlmsghdr *nlh, void *arg)
{
	struct count *count = arg;

	count->answers++;
	return count->cb(nlh, NULL);
}

/**
 * tx_get() - a request without attributes, answered by one or many messages
 * @cmd: the command
 * @dump: many: print them as a list
 * @cb: prints one
 * @what: for the error text
 *
 * Return: an exit code.
 */
int tx_get(uint8_t cmd, bool dump, nl_cb cb, const char *what)
{
	struct count count = { .cb = cb };
	struct nl_req req;
	struct tx tx;
	int ret;

	if (tx_open(&tx))
		return EXIT_RUNTIME;
	genl_put_header(&req, &tx.family, cmd);
	if (dump) {
		ret = nl_dump(&tx.nl, &req, count_cb, &count);
	} else {
		ret = nl_do(&tx.nl, &req, count_cb, &count);
		if (!ret && !count.answers)
			ret = -EBADMSG;
	}
	if (ret)
		nl_fail(&tx.nl, ret, "%s", what);
	tx_close(&tx);
	return ret ? EXIT_RUNTIME : EXIT_OK;
}

static int native_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NETMEM_TX_A_STATUS_NATIVE_LEASES + 1] = {
		[NETMEM_TX_A_STATUS_NATIVE_LEASES] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NETMEM_TX_A_STATUS_NATIVE_LEASES + 1];
	const struct nlattr *attr;

	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_STATUS_NATIVE_LEASES))
		return -EBADMSG;
	attr = tb[NETMEM_TX_A_STATUS_NATIVE_LEASES];
	*(bool *)arg = attr && mnl_attr_get_u32(attr);
	return 0;
}

/**
 * tx_native_leases() - ask whether the kernel has its own leases
 * @tx: the socket
 * @native: the answer
 *
 * Return: 0 or -errno.
 */
int tx_native_leases(struct tx *tx, bool *native)
{
	struct nl_req req;

	*native = false;
	genl_put_header(&req, &tx->family, NETMEM_TX_CMD_STATUS_GET);
	return nl_do(&tx->nl, &req, native_cb, native);
}

static void name_print(const char *key, uint32_t value,
		       const char *const *names, size_t count)
{
	char number[16];

	if (value < count) {
		out_str(key, names[value]);
		return;
	}
	/* From a newer module. */
	snprintf(number, sizeof(number), "%u", value);
	out_str(key, number);
}

void mode_print(const char *key, uint32_t mode)
{
	static const char *const names[] = {
		[NETMEM_TX_NL_MODE_NONE] = "none",
		[NETMEM_TX_NL_MODE_DMA] = "dma",
		[NETMEM_TX_NL_MODE_NO_DMA] = "no-dma",
	};

	name_print(key, mode, names, ARRAY_SIZE(names));
}

void source_print(const char *key, uint32_t source)
{
	static const char *const names[] = {
		[NETMEM_TX_NL_SOURCE_NONE] = "none",
		[NETMEM_TX_NL_SOURCE_DRIVER] = "driver",
		[NETMEM_TX_NL_SOURCE_NETKIT] = "netkit",
		[NETMEM_TX_NL_SOURCE_HEADER] = "header",
	};

	name_print(key, source, names, ARRAY_SIZE(names));
}

void state_print(const char *key, uint32_t state)
{
	static const char *const names[] = {
		[NETMEM_TX_NL_BINDING_LIVE] = "live",
		[NETMEM_TX_NL_BINDING_REVOKED] = "revoked",
		[NETMEM_TX_NL_BINDING_UNBOUND] = "unbound",
	};

	name_print(key, state, names, ARRAY_SIZE(names));
}

void backend_print(const char *key, uint32_t backend)
{
	static const char *const names[] = {
		[NETMEM_TX_NL_BACKEND_AUTO] = "auto",
		[NETMEM_TX_NL_BACKEND_DIRECT] = "direct",
		[NETMEM_TX_NL_BACKEND_IPMODIFY] = "ipmodify",
	};

	name_print(key, backend, names, ARRAY_SIZE(names));
}
