// SPDX-License-Identifier: GPL-2.0
/* A dma-buf made of a memfd, by udmabuf; see dmabuf.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmabuf.h"
#include "util.h"

void dmabuf_make(struct dmabuf *buf, size_t size, uint64_t seed)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC };
	int dev;

	buf->size = (size + page - 1) / page * page;
	buf->memfd = memfd_create("devmem", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	if (buf->memfd < 0 || ftruncate(buf->memfd, buf->size))
		die("memfd of %zu bytes", buf->size);
	if (fcntl(buf->memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("memfd: seal");
	buf->mem = mmap(NULL, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
			buf->memfd, 0);
	if (buf->mem == MAP_FAILED)
		die("memfd: map");
	pattern_fill(buf->mem, buf->size, seed, 0);

	dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		die("/dev/udmabuf");
	create.memfd = buf->memfd;
	create.size = buf->size;
	buf->fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (buf->fd < 0)
		die("udmabuf of %zu bytes", buf->size);
	close(dev);
}
