/* SPDX-License-Identifier: GPL-2.0-only */
/* Network namespaces by name, process or path; sockets inside of them. */
#ifndef NMTX_NETNS_H
#define NMTX_NETNS_H

#include <stdbool.h>
#include <stdint.h>

#include "nl.h"

int netns_open(const char *text);
int netns_open_own(void);
bool netns_same(int a, int b);
int netns_nl_open(int fd, struct nl *nl, int bus);
uint32_t netns_inum(int fd);
const char *netns_name(uint32_t inum);
const char *netns_name_of_id(struct nl *rtnl, int32_t nsid);
void netns_print(uint32_t inum);

#endif /* NMTX_NETNS_H */
