// SPDX-License-Identifier: GPL-2.0-only
/* nmtx doctor: NICs, leases, features and the way out. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "doctor.h"
#include "link.h"
#include "netns.h"

/* Drivers of the kernel that can send device memory, by what sysfs says. */
static const char *const drivers[] = {
	"bnxt_en", "fbnic", "gve", "mlx5_core",
};

static bool known_driver(const char *driver)
{
	size_t i;

	for (i = 0; driver && i < ARRAY_SIZE(drivers); i++)
		if (!strcmp(driver, drivers[i]))
			return true;
	return false;
}

static const char *driver_of(const struct doctor *doctor, const char *name)
{
	return doctor_link(doctor, "/sys/class/net/%s/device/driver", name);
}

static void add_nic(struct doctor *doctor, const char *name)
{
	if (doctor->nics_count == DOCTOR_NICS ||
	    (doctor->nic && strcmp(doctor->nic, name)))
		return;
	snprintf(doctor->nics[doctor->nics_count++], IF_NAMESIZE, "%s", name);
}

static int mode_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NETMEM_TX_A_DEV_MODE + 1] = {
		[NETMEM_TX_A_DEV_IFNAME] = MNL_TYPE_NUL_STRING,
		[NETMEM_TX_A_DEV_MODE] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NETMEM_TX_A_DEV_MODE + 1];

	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_DEV_MODE))
		return -EBADMSG;
	if (tb[NETMEM_TX_A_DEV_IFNAME] && tb[NETMEM_TX_A_DEV_MODE] &&
	    mnl_attr_get_u32(tb[NETMEM_TX_A_DEV_MODE]) == NETMEM_TX_NL_MODE_DMA)
		add_nic(arg, mnl_attr_get_str(tb[NETMEM_TX_A_DEV_IFNAME]));
	return 0;
}

/* The module knows the modes; false if it cannot be asked. */
static bool ask_modes(struct doctor *doctor)
{
	struct nl_req req;
	struct tx tx;
	int ret = -ENOENT;

	if (doctor->loaded)
		ret = tx_find(&tx);
	if (!ret) {
		genl_put_header(&req, &tx.family, NETMEM_TX_CMD_DEV_GET);
		ret = nl_dump(&tx.nl, &req, mode_cb, doctor);
	}
	if (doctor->loaded)
		tx_close(&tx);
	return !ret;
}

/* Without it: by the driver's name. Native kernels have more drivers than we
 * know; there a device that was named may be one of them.
 */
static void guess_modes(struct doctor *doctor)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/sys/class/net", doctor->root);
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' &&
		    known_driver(driver_of(doctor, entry->d_name)))
			add_nic(doctor, entry->d_name);
	closedir(dir);
	if (doctor->nic && !doctor->nics_count && doctor->native &&
	    doctor_exists(doctor, "/sys/class/net/%s/device", doctor->nic))
		add_nic(doctor, doctor->nic);
}

static void no_nic(struct doctor *doctor)
{
	const char *driver = doctor->nic ? driver_of(doctor, doctor->nic) : NULL;

	if (!doctor->nic)
		doctor_say(doctor, DOCTOR_MISSING, "nic",
			   "use a NIC with driver bnxt, fbnic, gve (DQO-RDA) or mlx5",
			   "there is no NIC here that can send device memory");
	else if (!doctor_exists(doctor, "/sys/class/net/%s", doctor->nic))
		doctor_say(doctor, DOCTOR_MISSING, "nic", NULL,
			   "there is no device %s here", doctor->nic);
	else
		doctor_say(doctor, DOCTOR_MISSING, "nic",
			   "use a NIC with driver bnxt, fbnic, gve (DQO-RDA) or mlx5",
			   "%s (driver %s) cannot send device memory",
			   doctor->nic, driver ? driver : "unknown");
}

static void check_nic(struct doctor *doctor, const char *name, bool asked)
{
	const char *state = doctor_read(doctor, "/sys/class/net/%s/operstate",
					name);
	bool down = state && !strcmp(state, "down");
	const char *driver = driver_of(doctor, name);
	const char *found = "%s (driver %s) sends device memory";

	if (!asked)
		found = known_driver(driver) ?
			"%s has a driver (%s) that can send device memory" :
			"%s has a driver (%s) that may send device memory or not";
	if (down)
		doctor_say(doctor, DOCTOR_MISSING, "nic",
			   "bring it up, look at its cable",
			   "%s is down", name);
	else
		doctor_say(doctor, asked ? DOCTOR_OK : DOCTOR_NOTE, "nic", NULL,
			   found, name, driver ? driver : "unknown");
	if (doctor_exists(doctor, "/sys/class/net/%s/device/iommu_group", name))
		doctor_say(doctor, DOCTOR_OK, "iommu", NULL,
			   "%s is behind an IOMMU", name);
	else
		doctor_say(doctor, DOCTOR_NOTE, "iommu", NULL,
			   "%s is not behind an IOMMU: nothing stops a wrong DMA",
			   name);
}

/**
 * doctor_nics() - look for NICs that can send device memory
 * @doctor: gets them
 */
void doctor_nics(struct doctor *doctor)
{
	bool asked = ask_modes(doctor);
	unsigned int i;

	if (!asked)
		guess_modes(doctor);
	if (!doctor->nics_count)
		no_nic(doctor);
	for (i = 0; i < doctor->nics_count; i++)
		check_nic(doctor, doctor->nics[i], asked);
}

struct lease_search {
	const struct doctor *doctor;
	uint32_t inum;
	bool found;
};

static bool is_text(const struct nlattr *attr, const char *text)
{
	return attr && !strcmp(mnl_attr_get_str(attr), text);
}

static int lease_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NETMEM_TX_A_LEASE_MAX + 1] = {
		[NETMEM_TX_A_LEASE_VDEV_IFNAME] = MNL_TYPE_NUL_STRING,
		[NETMEM_TX_A_LEASE_VDEV_NETNS_INUM] = MNL_TYPE_U32,
		[NETMEM_TX_A_LEASE_NIC_IFNAME] = MNL_TYPE_NUL_STRING,
	};
	const struct nlattr *tb[NETMEM_TX_A_LEASE_MAX + 1];
	struct lease_search *search = arg;
	const struct doctor *doctor = search->doctor;
	const struct nlattr *inum;

	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_LEASE_MAX))
		return -EBADMSG;
	inum = tb[NETMEM_TX_A_LEASE_VDEV_NETNS_INUM];
	if (doctor->dev &&
	    (!is_text(tb[NETMEM_TX_A_LEASE_VDEV_IFNAME], doctor->dev) ||
	     !inum || mnl_attr_get_u32(inum) != search->inum))
		return 0;
	/* A container is not told the NIC. */
	if (doctor->nic && tb[NETMEM_TX_A_LEASE_NIC_IFNAME] &&
	    !is_text(tb[NETMEM_TX_A_LEASE_NIC_IFNAME], doctor->nic))
		return 0;
	search->found = true;
	return 0;
}

/* -errno when nobody can be asked; the leases of the module, or those of the
 * kernel, which tells of them on the NIC's side.
 */
static int find_lease(const struct doctor *doctor, bool *found)
{
	struct lease_search search = {
		.doctor = doctor,
		.inum = netns_inum(doctor->netns_fd),
	};
	struct native_lease native = {
		.dev = doctor->dev,
		.netns = doctor->netns_fd,
		.nic = doctor->nic,
	};
	int kernels, ret = -ENOENT;
	struct nl_req req;
	struct tx tx;

	if (doctor->loaded) {
		ret = tx_find(&tx);
		if (!ret) {
			genl_put_header(&req, &tx.family,
					NETMEM_TX_CMD_LEASE_GET);
			ret = nl_dump(&tx.nl, &req, lease_cb, &search);
		}
		tx_close(&tx);
	}
	*found = search.found;
	if (!*found && doctor->version >= 7001) {
		kernels = native_find(&native);
		if (kernels >= 0)
			ret = 0;
		*found = kernels > 0;
	}
	return ret;
}

/**
 * doctor_lease() - is there a lease, for the device if one was named?
 * @doctor: the visit
 */
void doctor_lease(struct doctor *doctor)
{
	const char *nic = doctor->nic ? doctor->nic : "a NIC";
	char remedy[160];
	bool found;

	if (!doctor->native && !doctor->loaded)
		return;
	if (find_lease(doctor, &found)) {
		doctor_say(doctor, DOCTOR_NOTE, "lease", NULL,
			   "leases cannot be seen");
		return;
	}
	snprintf(remedy, sizeof(remedy), "nmtx lease add dev %s netns %s nic %s",
		 doctor->dev ? doctor->dev : "DEV",
		 doctor->netns ? doctor->netns : "CONTAINER",
		 doctor->nics_count ? doctor->nics[0] : "NIC");
	if (found)
		doctor_say(doctor, DOCTOR_OK, "lease", NULL,
			   "%s has a lease of %s",
			   doctor->dev ? doctor->dev : "a container's device",
			   nic);
	else if (doctor->dev)
		doctor_say(doctor, DOCTOR_MISSING, "lease", remedy,
			   "%s has no lease of %s", doctor->dev, nic);
	else
		doctor_say(doctor, DOCTOR_NOTE, "lease", remedy,
			   "no container's device has a lease of %s", nic);
}

/* 0 off, 1 on, or -errno. */
static int feature(struct nl *nl, const char *name, uint32_t cmd)
{
	struct ethtool_value value = { .cmd = cmd };
	struct ifreq ifr = { .ifr_data = (void *)&value };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(mnl_socket_get_fd(nl->sk), SIOCETHTOOL, &ifr))
		return -errno;
	return value.data != 0;
}

static void check_features(struct doctor *doctor, struct nl *nl,
			   const char *name)
{
	int tx = feature(nl, name, ETHTOOL_GTXCSUM);
	int sg = feature(nl, name, ETHTOOL_GSG);
	char remedy[64];

	if (tx < 0 || sg < 0) {
		doctor_say(doctor, DOCTOR_NOTE, "features", NULL,
			   "the features of %s cannot be seen", name);
		return;
	}
	snprintf(remedy, sizeof(remedy), "ethtool -K %s tx on sg on", name);
	if (tx && sg)
		doctor_say(doctor, DOCTOR_OK, "features", NULL,
			   "%s has tx and sg on", name);
	else
		doctor_say(doctor, DOCTOR_MISSING, "features", remedy,
			   "%s has %s off: all its device memory is dropped",
			   name, tx ? "sg" : sg ? "tx" : "tx and sg");
}

/**
 * doctor_features() - is what keeps software from reading packets on?
 * @doctor: the visit
 */
void doctor_features(struct doctor *doctor)
{
	struct nl nl;
	unsigned int i;

	if (!netns_nl_open(-1, &nl, NETLINK_ROUTE))
		for (i = 0; i < doctor->nics_count; i++)
			check_features(doctor, &nl, doctor->nics[i]);
	nl_close(&nl);
	if (!doctor->dev)
		return;
	if (!netns_nl_open(doctor->netns_fd, &nl, NETLINK_ROUTE))
		check_features(doctor, &nl, doctor->dev);
	nl_close(&nl);
}

struct route_search {
	uint32_t ifindex;
	bool found;
};

/* A route that leaves by the device, link-local ones aside. */
static int route_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[RTA_OIF + 1] = {
		[RTA_OIF] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[RTA_OIF + 1];
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route_search *search = arg;
	const uint8_t *dst;

	if (nl_attrs(nlh, sizeof(*rtm), types, tb, RTA_OIF))
		return -EBADMSG;
	if (rtm->rtm_type != RTN_UNICAST || !tb[RTA_OIF] ||
	    mnl_attr_get_u32(tb[RTA_OIF]) != search->ifindex)
		return 0;
	dst = tb[RTA_DST] ? mnl_attr_get_payload(tb[RTA_DST]) : NULL;
	if (rtm->rtm_family == AF_INET6 && dst && dst[0] == 0xfe &&
	    (dst[1] & 0xc0) == 0x80)
		return 0;
	search->found = true;
	return 0;
}

static void check_route(struct doctor *doctor, struct nl *nl)
{
	static const struct rtmsg any = { .rtm_family = AF_UNSPEC };
	struct route_search search = { 0 };
	struct nl_req req;
	struct link link;
	int ret;

	if (link_by_name(nl, doctor->dev, &link)) {
		doctor_say(doctor, DOCTOR_MISSING, "dev", NULL,
			   "there is no device %s%s%s", doctor->dev,
			   doctor->netns ? " in " : "",
			   doctor->netns ? doctor->netns : "");
		return;
	}
	search.ifindex = link.ifindex;
	nl_put_header(&req, RTM_GETROUTE, &any, sizeof(any));
	ret = nl_dump(nl, &req, route_cb, &search);
	if (ret)
		doctor_say(doctor, DOCTOR_NOTE, "route", NULL,
			   "routes cannot be seen");
	else if (search.found)
		doctor_say(doctor, DOCTOR_OK, "route", NULL,
			   "a route leaves by %s", doctor->dev);
	else
		doctor_say(doctor, DOCTOR_MISSING, "route",
			   "ip route add default dev DEV, in the container",
			   "no route leaves by %s", doctor->dev);
}

static bool forwards(const struct doctor *doctor, const char *path)
{
	const char *line = doctor_read(doctor, "%s", path);

	return line && *line == '1';
}

/**
 * doctor_path() - how do packets get from the container to the NIC?
 * @doctor: the visit
 */
void doctor_path(struct doctor *doctor)
{
	bool forwarding = forwards(doctor, "/proc/sys/net/ipv4/ip_forward") ||
			  forwards(doctor, "/proc/sys/net/ipv6/conf/all/forwarding");
	struct nl nl;

	if (doctor->dev) {
		if (!netns_nl_open(doctor->netns_fd, &nl, NETLINK_ROUTE))
			check_route(doctor, &nl);
		nl_close(&nl);
	}
	if (doctor->version == DOCTOR_OLDEST)
		doctor_say(doctor, DOCTOR_NOTE, "forwarding",
			   "nmtx redirect add dev NETKIT nic NIC addr ADDR",
			   "Linux 6.16 drops device memory that IP forwards: use a redirect by BPF");
	else if (forwarding)
		doctor_say(doctor, DOCTOR_OK, "forwarding", NULL,
			   "this host forwards IP");
	else
		doctor_say(doctor, DOCTOR_NOTE, "forwarding",
			   "sysctl net.ipv4.ip_forward=1, or nmtx redirect",
			   "this host does not forward IP: packets need a redirect by BPF");
}
