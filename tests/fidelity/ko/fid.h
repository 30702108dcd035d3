/* SPDX-License-Identifier: GPL-2.0 */
/*
 * nmtx_fid: what the scenarios of tests/fidelity cannot do from user space.
 * tests/fidelity/guest/craft.py packs the same structs.
 */
#ifndef NMTX_FID_H
#define NMTX_FID_H

#include <linux/ioctl.h>
#include <linux/types.h>

struct net_device;

#define FID_MAX_FRAGS	16
#define FID_MAX_HEADER	128

/**
 * struct fid_skb - a packet to be sent by dev_queue_xmit()
 * @netns_fd: namespace of the device it leaves by
 * @ifindex: that device
 * @nic_ifindex: the NIC of the initial namespace that net_iovs of kind n are
 *	mapped for
 * @sock: TCP sockets; see @frags
 * @vlan: a tag beside the packet, or 0
 * @csum_start: where the missing checksum begins, or 0: none is missing
 * @csum_offset: where it goes, from there
 * @frag_len: bytes of each fragment
 * @header_len: bytes of @header
 * @headroom: bytes free before it
 * @header: Ethernet, IP, UDP
 * @frags: p a page, n an unreadable net_iov that is no device memory, d and e
 *	the first fragment that sock[0] and sock[1] have sent; ends with 0
 * @xmit: result: what dev_queue_xmit() said
 * @unreadable: result: the packet was
 */
struct fid_skb {
	__s32 netns_fd;
	__u32 ifindex;
	__u32 nic_ifindex;
	__s32 sock[2];
	__u16 vlan;
	__u16 csum_start;
	__u16 csum_offset;
	__u16 frag_len;
	__u16 header_len;
	__u16 headroom;
	__u8 header[FID_MAX_HEADER];
	char frags[FID_MAX_FRAGS];
	__s32 xmit;
	__u32 unreadable;
};

/**
 * struct fid_dmabuf - a dma-buf with something wrong
 * @size: its size
 * @first: length of the first of two pieces, or 0: one piece
 * @attach_err: what attaching says, 0 or a positive errno
 * @map_err: what mapping says
 * @fd: result
 */
struct fid_dmabuf {
	__u32 size;
	__u32 first;
	__s32 attach_err;
	__s32 map_err;
	__s32 fd;
};

/* What to do to a device of the initial namespace. */
enum fid_act {
	FID_MODE_NONE,
	FID_MODE_DMA,
	FID_ABSENT,
	FID_PRESENT,
	FID_QUEUE_STOP,
	FID_QUEUE_WAKE,
	FID_NO_DMA_MASK,
	FID_DMA_MASK,
	/* Absent as soon as somebody waits for the device's lock. */
	FID_ABSENT_BEHIND_LOCK,
	/* The queue stops in the middle of the next list of packets. */
	FID_REQUEUE,
};

struct fid_dev {
	__u32 ifindex;
	__u32 act;
};

#define FID_SKB		_IOWR('f', 1, struct fid_skb)
#define FID_DMABUF	_IOWR('f', 2, struct fid_dmabuf)
#define FID_DEV		_IOW('f', 3, struct fid_dev)

int fid_skb_send(struct fid_skb *req);
void fid_skb_exit(void);
int fid_requeue_next(struct net_device *dev);
void fid_requeue_end(void);
void fid_requeue_exit(void);
int fid_dmabuf_make(struct fid_dmabuf *req);

#endif
