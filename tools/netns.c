// SPDX-License-Identifier: GPL-2.0-only
/* Network namespaces by name, process or path; sockets inside of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "link.h"
#include "netns.h"
#include "out.h"

#define NETNS_DIR	"/run/netns"
#define NETNS_OWN	"/proc/self/ns/net"

static int open_netns_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return fd;
	err = errno == ENOTTY ? -EINVAL : -errno;
	close(fd);
	return err < 0 ? err : -EINVAL;
}

/**
 * netns_open() - open what the user calls a network namespace
 * @text: a name under /run/netns, a process id, or a path
 *
 * As in iproute2, a name goes before a process.
 *
 * Return: a file descriptor; or -1, with the reason printed.
 */
int netns_open(const char *text)
{
	char path[PATH_MAX];
	bool plain = *text && strcmp(text, ".") && strcmp(text, "..");
	uint32_t pid;
	int fd;

	if (strchr(text, '/')) {
		fd = open_netns_file(text);
	} else {
		snprintf(path, sizeof(path), NETNS_DIR "/%s", text);
		fd = plain ? open_netns_file(path) : -ENOENT;
		if (fd == -ENOENT && !parse_u32(text, &pid)) {
			snprintf(path, sizeof(path), "/proc/%u/ns/net", pid);
			fd = open_netns_file(path);
		}
	}
	if (fd >= 0)
		return fd;
	if (fd == -EINVAL)
		fail("\"%s\" is not a network namespace", text);
	else
		fail("cannot open network namespace \"%s\": %s", text,
		     strerror(-fd));
	return -1;
}

/**
 * netns_open_own() - open our own network namespace
 *
 * Return: a file descriptor; or -1, with the reason printed.
 */
int netns_open_own(void)
{
	int fd = open(NETNS_OWN, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail("cannot open " NETNS_OWN ": %s", strerror(errno));
	return fd;
}

/**
 * netns_same() - tell whether two descriptors mean one namespace
 * @a: one
 * @b: the other
 *
 * Return: true if they do.
 */
bool netns_same(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

/**
 * netns_nl_open() - open a netlink socket in another namespace
 * @fd: the namespace, or -1 for our own
 * @nl: the socket
 * @bus: NETLINK_GENERIC, NETLINK_ROUTE
 *
 * Return: EXIT_OK or EXIT_RUNTIME, with the reason printed.
 */
int netns_nl_open(int fd, struct nl *nl, int bus)
{
	int own, ret;

	memset(nl, 0, sizeof(*nl));
	if (fd < 0) {
		ret = nl_open(nl, bus);
		return ret ? nl_fail(NULL, ret, "netlink socket") : EXIT_OK;
	}
	own = netns_open_own();
	if (own < 0)
		return EXIT_RUNTIME;
	if (setns(fd, CLONE_NEWNET)) {
		ret = fail("cannot enter network namespace: %s",
			   strerror(errno));
		goto out;
	}
	ret = nl_open(nl, bus);
	/* What follows would work on the wrong devices. */
	if (setns(own, CLONE_NEWNET)) {
		fail("cannot return to own network namespace: %s",
		     strerror(errno));
		exit(EXIT_RUNTIME);
	}
	if (ret)
		ret = nl_fail(NULL, ret, "netlink socket");
out:
	close(own);
	return ret;
}

/**
 * netns_inum() - inode number of a namespace
 * @fd: the namespace, or -1 for our own
 *
 * Return: the number, 0 if /proc does not tell.
 */
uint32_t netns_inum(int fd)
{
	struct stat st;
	int ret = fd < 0 ? stat(NETNS_OWN, &st) : fstat(fd, &st);

	return ret ? 0 : (uint32_t)st.st_ino;
}

static bool has_inum(int dir, const char *name, uint32_t inum)
{
	struct stat own, st;

	return !stat(NETNS_OWN, &own) && !fstatat(dir, name, &st, 0) &&
	       st.st_dev == own.st_dev && st.st_ino == inum;
}

static bool has_id(int dir, const char *name, struct nl *rtnl, int32_t nsid)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	int32_t id;
	bool found;

	if (fd < 0)
		return false;
	found = !link_netns_id(rtnl, fd, &id) && id == nsid;
	close(fd);
	return found;
}

/* The first name under /run/netns with this inode number, or this id. */
static const char *find_name(uint32_t inum, struct nl *rtnl, int32_t nsid)
{
	static char name[NAME_MAX + 1];
	const char *found = NULL;
	struct dirent *entry;
	DIR *dir = opendir(NETNS_DIR);

	if (!dir)
		return NULL;
	while (!found && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (rtnl ? !has_id(dirfd(dir), entry->d_name, rtnl, nsid) :
			   !has_inum(dirfd(dir), entry->d_name, inum))
			continue;
		snprintf(name, sizeof(name), "%s", entry->d_name);
		found = name;
	}
	closedir(dir);
	return found;
}

/**
 * netns_name() - the name of a namespace under /run/netns
 * @inum: its inode number
 *
 * Return: the name, valid until the next call, or NULL.
 */
const char *netns_name(uint32_t inum)
{
	return find_name(inum, NULL, 0);
}

/**
 * netns_name_of_id() - the name of a namespace under /run/netns
 * @rtnl: a routing netlink socket of the namespace that gave the id
 * @nsid: the id
 *
 * Return: the name, valid until the next call, or NULL.
 */
const char *netns_name_of_id(struct nl *rtnl, int32_t nsid)
{
	return find_name(0, rtnl, nsid);
}

/**
 * netns_print() - print a namespace: by name, else by number
 * @inum: its inode number
 *
 * In text our own namespace is left out when it has no name.
 */
void netns_print(uint32_t inum)
{
	const char *name = netns_name(inum);

	if (name)
		out_str("netns", name);
	if (out_is_json() || (!name && inum != netns_inum(-1)))
		out_uint("netns_inum", inum);
}
