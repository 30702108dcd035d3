/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TRAFFIC_SIGN_H
#define TRAFFIC_SIGN_H

/*
 * From now on the packets of a connected socket have a signature, which the
 * other end has no key for. Both return 0 or a negative errno.
 */
int sign_by_md5(int fd, const char *key);
int sign_by_ao(int fd, const char *key);

#endif
