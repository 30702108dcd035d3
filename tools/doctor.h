/* SPDX-License-Identifier: GPL-2.0-only */
/* nmtx doctor: what its checks share. */
#ifndef NMTX_DOCTOR_H
#define NMTX_DOCTOR_H

#include <net/if.h>

#include "nmtx.h"

#define DOCTOR_NICS	32
#define DOCTOR_TEXT	512

/* The kernels that need the module: major * 1000 + minor. */
#define DOCTOR_OLDEST	6016
#define DOCTOR_NATIVE	7002

/**
 * enum doctor_state - what a check found
 * @DOCTOR_OK: as it should be
 * @DOCTOR_NOTE: good to know, or could not be looked at
 * @DOCTOR_MISSING: device memory TX does not work like that
 */
enum doctor_state {
	DOCTOR_OK,
	DOCTOR_NOTE,
	DOCTOR_MISSING,
};

/**
 * struct doctor - one visit
 * @root: where /proc, /sys, /boot, /lib and /dev are; "" for the real ones
 * @dev: the container's device, or NULL
 * @netns: its namespace as the user called it, or NULL
 * @nic: the NIC, or NULL for any
 * @netns_fd: the namespace, or -1 for our own
 * @release: the kernel's
 * @version: of the kernel, 0 if unknown
 * @native: the kernel needs no module
 * @loaded: the module is loaded
 * @nics: NICs that can send device memory
 * @nics_count: how many
 * @missing: checks that found something missing
 */
struct doctor {
	const char *root;
	const char *dev;
	const char *netns;
	const char *nic;
	int netns_fd;
	char release[128];
	unsigned int version;
	bool native;
	bool loaded;
	char nics[DOCTOR_NICS][IF_NAMESIZE];
	unsigned int nics_count;
	unsigned int missing;
};

/* Called for each line of a file. Nonzero stops. */
typedef int (*doctor_line_cb)(char *line, void *arg);

__printf(5, 6) void doctor_say(struct doctor *doctor, enum doctor_state state,
			       const char *check, const char *remedy,
			       const char *fmt, ...);

__printf(2, 3) bool doctor_exists(const struct doctor *doctor,
				  const char *fmt, ...);
__printf(2, 3) const char *doctor_read(const struct doctor *doctor,
				       const char *fmt, ...);
__printf(2, 3) const char *doctor_link(const struct doctor *doctor,
				       const char *fmt, ...);
int doctor_lines(const struct doctor *doctor, const char *path,
		 doctor_line_cb cb, void *arg);

void doctor_kernel(struct doctor *doctor);
void doctor_module(struct doctor *doctor);
void doctor_hooks(struct doctor *doctor);
void doctor_nics(struct doctor *doctor);
void doctor_lease(struct doctor *doctor);
void doctor_features(struct doctor *doctor);
void doctor_path(struct doctor *doctor);

#endif /* NMTX_DOCTOR_H */
