// SPDX-License-Identifier: GPL-2.0
/* Redirect a container's traffic between netkit and NIC; see redirect.h. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "redirect.h"
#include "redirect.skel.h"

#define MAX_PROGS	64

struct addr {
	uint32_t word[4];
};

static struct addr map_v4(const struct in_addr *in)
{
	struct addr addr = { { 0, 0, htonl(0xffff), in->s_addr } };

	return addr;
}

static int parse_addr(const char *text, struct addr *addr)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) == 1)
		*addr = map_v4(&in);
	else if (inet_pton(AF_INET6, text, addr) != 1)
		return -EINVAL;
	return 0;
}

static int put_addr(struct bpf_map *map, const struct addr *addr)
{
	uint8_t one = 1;

	return bpf_map__update_elem(map, addr, sizeof(*addr), &one, sizeof(one),
				    BPF_ANY);
}

/* What the host has now; fewer than the map holds, or the rest is left out. */
static int put_host_addrs(struct bpf_map *map)
{
	struct ifaddrs *list, *ifa;
	struct addr addr;
	int err = 0;

	if (getifaddrs(&list))
		return -errno;
	for (ifa = list; ifa && !err; ifa = ifa->ifa_next) {
		const struct sockaddr *sa = ifa->ifa_addr;

		if (sa && sa->sa_family == AF_INET)
			addr = map_v4(&((struct sockaddr_in *)sa)->sin_addr);
		else if (sa && sa->sa_family == AF_INET6)
			memcpy(&addr, &((struct sockaddr_in6 *)sa)->sin6_addr,
			       sizeof(addr));
		else
			continue;
		err = put_addr(map, &addr);
	}
	freeifaddrs(list);
	return err;
}

static struct redirect_bpf *load(const struct redirect_config *cfg, char *msg,
				 size_t len)
{
	struct redirect_bpf *skel;
	struct addr addr;
	unsigned int i;
	int err;

	skel = redirect_bpf__open();
	if (!skel) {
		snprintf(msg, len, "cannot open the BPF programs");
		return NULL;
	}
	skel->rodata->netkit_ifindex = cfg->netkit;
	skel->rodata->nic_ifindex = cfg->nic;
	err = redirect_bpf__load(skel);
	if (err) {
		snprintf(msg, len, "the kernel refuses the BPF programs");
		goto err_destroy;
	}
	for (i = 0; i < cfg->nr_addrs; i++) {
		err = parse_addr(cfg->addrs[i], &addr);
		if (!err)
			err = put_addr(skel->maps.guest_addrs, &addr);
		if (err) {
			snprintf(msg, len, "not an address: %s", cfg->addrs[i]);
			goto err_destroy;
		}
	}
	err = put_host_addrs(skel->maps.host_addrs);
	if (!err)
		return skel;
	snprintf(msg, len, "cannot store the host's addresses");

err_destroy:
	redirect_bpf__destroy(skel);
	errno = -err;
	return NULL;
}

int redirect_add(const struct redirect_config *cfg, char *msg, size_t len)
{
	enum bpf_attach_type type = cfg->use_tcx ? BPF_TCX_INGRESS :
						   BPF_NETKIT_PEER;
	struct redirect_bpf *skel;
	int to_nic, to_netkit, err;

	skel = load(cfg, msg, len);
	if (!skel)
		return errno ? -errno : -EINVAL;
	to_nic = bpf_program__fd(skel->progs.to_nic);
	to_netkit = bpf_program__fd(skel->progs.to_netkit);

	err = bpf_prog_attach_opts(to_nic, cfg->netkit, type, NULL);
	if (err) {
		snprintf(msg, len, "cannot attach to the netkit");
		goto out;
	}
	err = bpf_prog_attach_opts(to_netkit, cfg->nic, BPF_TCX_INGRESS, NULL);
	if (err) {
		snprintf(msg, len, "cannot attach to the NIC");
		bpf_prog_detach_opts(to_nic, cfg->netkit, type, NULL);
	}
out:
	redirect_bpf__destroy(skel);
	return err;
}

/* The loader's constants, in the order of redirect.bpf.c. */
static int read_rodata(const uint32_t *map_ids, uint32_t nr,
		       struct redirect_info *info)
{
	struct bpf_map_info map = { 0 };
	uint32_t len, zero = 0, i;
	uint8_t value[64];
	int fd, err = -ENOENT;

	for (i = 0; i < nr && err; i++) {
		fd = bpf_map_get_fd_by_id(map_ids[i]);
		if (fd < 0)
			continue;
		len = sizeof(map);
		memset(&map, 0, sizeof(map));
		if (!bpf_map_get_info_by_fd(fd, &map, &len) &&
		    strstr(map.name, ".rodata") &&
		    map.value_size == sizeof(((struct redirect_bpf *)0)->rodata[0]) &&
		    map.value_size <= sizeof(value) &&
		    !bpf_map_lookup_elem(fd, &zero, value)) {
			struct redirect_bpf__rodata *ro = (void *)value;

			info->netkit = ro->netkit_ifindex;
			info->nic = ro->nic_ifindex;
			err = 0;
		}
		close(fd);
	}
	return err;
}

/* Is this program one of ours? Then fill @info. */
static bool is_ours(int fd, struct redirect_info *info)
{
	struct bpf_prog_info prog = { 0 };
	uint32_t len = sizeof(prog), maps[8];

	prog.map_ids = (uintptr_t)maps;
	prog.nr_map_ids = sizeof(maps) / sizeof(maps[0]);
	if (bpf_prog_get_info_by_fd(fd, &prog, &len))
		return false;
	info->to_nic = !strcmp(prog.name, "to_nic");
	if (!info->to_nic && strcmp(prog.name, "to_netkit"))
		return false;
	if (prog.nr_map_ids > sizeof(maps) / sizeof(maps[0]))
		return false;
	return !read_rodata(maps, prog.nr_map_ids, info);
}

typedef bool (*prog_fn)(int fd, enum bpf_attach_type type,
			const struct redirect_info *info, void *data);

/* Call @fn for each of our programs on one hook; count what it says. */
static int walk_hook(int ifindex, enum bpf_attach_type type, prog_fn fn,
		     void *data)
{
	LIBBPF_OPTS(bpf_prog_query_opts, query);
	struct redirect_info info;
	uint32_t ids[MAX_PROGS], i;
	int fd, n = 0;

	query.prog_ids = ids;
	query.prog_cnt = MAX_PROGS;
	if (bpf_prog_query_opts(ifindex, type, &query))
		return 0;
	for (i = 0; i < query.prog_cnt; i++) {
		fd = bpf_prog_get_fd_by_id(ids[i]);
		if (fd < 0)
			continue;
		memset(&info, 0, sizeof(info));
		info.ifindex = ifindex;
		info.tcx = type == BPF_TCX_INGRESS;
		if (is_ours(fd, &info))
			n += fn(fd, type, &info, data);
		close(fd);
	}
	return n;
}

static int walk(prog_fn fn, void *data)
{
	struct if_nameindex *list = if_nameindex(), *dev;
	int n = 0;

	if (!list)
		return -errno;
	for (dev = list; dev->if_index; dev++) {
		n += walk_hook(dev->if_index, BPF_TCX_INGRESS, fn, data);
		n += walk_hook(dev->if_index, BPF_NETKIT_PEER, fn, data);
	}
	if_freenameindex(list);
	return n;
}

struct del_match {
	int netkit;
	int nic;
};

static bool del_one(int fd, enum bpf_attach_type type,
		    const struct redirect_info *info, void *data)
{
	const struct del_match *match = data;

	if ((match->netkit && match->netkit != info->netkit) ||
	    (match->nic && match->nic != info->nic))
		return false;
	return !bpf_prog_detach_opts(fd, info->ifindex, type, NULL);
}

int redirect_del(int netkit, int nic)
{
	struct del_match match = { netkit, nic };

	return walk(del_one, &match);
}

struct show_call {
	void (*fn)(const struct redirect_info *info, void *data);
	void *data;
};

static bool show_one(int fd, enum bpf_attach_type type,
		     const struct redirect_info *info, void *data)
{
	const struct show_call *call = data;

	(void)fd;
	(void)type;
	call->fn(info, call->data);
	return true;
}

int redirect_show(void (*fn)(const struct redirect_info *info, void *data),
		  void *data)
{
	struct show_call call = { fn, data };

	return walk(show_one, &call);
}
