/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Redirect a container's traffic between its netkit and a NIC, by BPF.
 *
 * The programs stay attached when the caller exits. They are found again by
 * what they carry, so no file system for BPF is needed.
 */
#ifndef NMTX_REDIRECT_H
#define NMTX_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

#define REDIRECT_MAX_ADDRS	64

/**
 * struct redirect_config - one redirection
 * @netkit: ifindex of the netkit's host end (the primary device)
 * @nic: ifindex of the NIC
 * @addrs: addresses of the container, IPv4 or IPv6, as text
 * @nr_addrs: how many
 * @use_tcx: attach to the tcx ingress of the netkit's host end, not to netkit
 */
struct redirect_config {
	int netkit;
	int nic;
	const char *addrs[REDIRECT_MAX_ADDRS];
	unsigned int nr_addrs;
	bool use_tcx;
};

/**
 * redirect_add - attach both programs
 * @cfg: what to redirect
 * @msg: on error, one line that says what failed
 * @len: size of @msg
 *
 * The host's addresses are read once, now; packets for them are not
 * redirected. The caller needs CAP_NET_ADMIN and CAP_BPF, and to be in the
 * network namespace of both devices.
 *
 * Return: 0 or a negative errno; nothing stays attached then.
 */
int redirect_add(const struct redirect_config *cfg, char *msg, size_t len);

/**
 * redirect_del - detach the programs of redirections
 * @netkit: of this netkit, by the ifindex of its host end; 0: of any
 * @nic: to this NIC; 0: to any
 *
 * Also finds what is left on a NIC after its netkit is gone.
 *
 * Return: how many programs were detached, or a negative errno.
 */
int redirect_del(int netkit, int nic);

/**
 * struct redirect_info - one attached program
 * @ifindex: where it is attached
 * @netkit: ifindex of the netkit's host end
 * @nic: ifindex of the NIC
 * @to_nic: takes packets to the NIC; else back to the netkit
 * @tcx: attached as tcx; else as netkit program
 */
struct redirect_info {
	int ifindex;
	int netkit;
	int nic;
	bool to_nic;
	bool tcx;
};

/**
 * redirect_show - look at all attached programs of this network namespace
 * @fn: called for each
 * @data: given to @fn
 *
 * Return: how many, or a negative errno.
 */
int redirect_show(void (*fn)(const struct redirect_info *info, void *data),
		  void *data);

#endif
