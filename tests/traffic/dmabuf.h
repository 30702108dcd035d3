/* SPDX-License-Identifier: GPL-2.0 */
/* A dma-buf made of a memfd, by udmabuf. */
#ifndef TRAFFIC_DMABUF_H
#define TRAFFIC_DMABUF_H

#include <stddef.h>
#include <stdint.h>

/**
 * struct dmabuf - a dma-buf and our view of its bytes
 * @fd: the dma-buf
 * @memfd: what it is made of
 * @mem: mapping of @memfd
 * @size: bytes, a multiple of the page size
 */
struct dmabuf {
	int fd;
	int memfd;
	uint8_t *mem;
	size_t size;
};

/* Filled with the pattern of @seed; dies when it cannot be had. */
void dmabuf_make(struct dmabuf *buf, size_t size, uint64_t seed);

#endif
