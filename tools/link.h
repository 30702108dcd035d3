/* SPDX-License-Identifier: GPL-2.0-only */
/* Network devices and netns ids, by routing netlink. */
#ifndef NMTX_LINK_H
#define NMTX_LINK_H

#include <net/if.h>
#include <stdint.h>

#include "nl.h"

/**
 * struct link - a network device
 * @ifindex: its number
 * @rx_queues: how many RX queues it may have
 * @name: its name
 */
struct link {
	uint32_t ifindex;
	uint32_t rx_queues;
	char name[IF_NAMESIZE];
};

int link_check_name(const char *name);
int link_by_name(struct nl *rtnl, const char *name, struct link *link);
int link_by_index(struct nl *rtnl, uint32_t ifindex, int32_t nsid,
		  struct link *link);
int link_netns_id(struct nl *rtnl, int fd, int32_t *nsid);
int link_need_netns_id(struct nl *rtnl, int fd, int32_t *nsid);

#endif /* NMTX_LINK_H */
