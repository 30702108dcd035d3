// SPDX-License-Identifier: GPL-2.0
/*
 * nmtx_fid: packets with given fragments.
 *
 * Device memory is taken from what a TCP socket has sent and was not
 * acknowledged. Unreadable memory of another kind is a page of ours behind a
 * net_iov of the type that io_uring uses, mapped for the NIC it will leave by.
 */
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <net/net_namespace.h>
#include <net/netmem.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "fid.h"

#define FID_NICS	4

/* A page for one NIC, mapped until this module goes. */
struct fid_area {
	struct net_iov_area area;
	struct net_iov niov;
	struct device *dma_dev;
	struct page *page;
	dma_addr_t dma;
};

static struct fid_area areas[FID_NICS];
static DEFINE_MUTEX(areas_lock);

static void niov_init(struct fid_area *fa)
{
	fa->niov.owner = &fa->area;
	fa->niov.type = NET_IOV_IOURING;
#ifdef HAVE_NIOV_DESC
	fa->niov.desc.dma_addr = fa->dma;
#else
	fa->niov.dma_addr = fa->dma;
#endif
	fa->area.niovs = &fa->niov;
	fa->area.num_niovs = 1;
}

static int area_init(struct fid_area *fa, struct device *dma_dev)
{
	fa->page = alloc_page(GFP_KERNEL);
	if (!fa->page)
		return -ENOMEM;
	memset(page_address(fa->page), 'N', PAGE_SIZE);
	fa->dma = dma_map_page(dma_dev, fa->page, 0, PAGE_SIZE, DMA_TO_DEVICE);
	if (dma_mapping_error(dma_dev, fa->dma)) {
		__free_page(fa->page);
		return -ENOMEM;
	}
	fa->dma_dev = get_device(dma_dev);
	niov_init(fa);
	return 0;
}

static struct net_iov *get_niov(u32 nic_ifindex)
{
	struct net_device *nic = dev_get_by_index(&init_net, nic_ifindex);
	struct net_iov *niov = NULL;
	int i;

	if (!nic)
		return NULL;
	mutex_lock(&areas_lock);
	for (i = 0; i < FID_NICS && nic->dev.parent && !niov; i++)
		if (areas[i].dma_dev == nic->dev.parent ||
		    (!areas[i].dma_dev && !area_init(&areas[i], nic->dev.parent)))
			niov = &areas[i].niov;
	mutex_unlock(&areas_lock);
	dev_put(nic);
	return niov;
}

void fid_skb_exit(void)
{
	int i;

	synchronize_net();
	for (i = 0; i < FID_NICS && areas[i].dma_dev; i++) {
		dma_unmap_page(areas[i].dma_dev, areas[i].dma, PAGE_SIZE,
			       DMA_TO_DEVICE);
		__free_page(areas[i].page);
		put_device(areas[i].dma_dev);
	}
}

/* One more reference on the first fragment that a socket has sent. */
static int add_sent_frag(struct sk_buff *skb, int i, int fd, u32 len)
{
	struct socket *sock;
	struct sk_buff *sent;
	const skb_frag_t *frag;
	int err;

	sock = sockfd_lookup(fd, &err);
	if (!sock)
		return err;
	lock_sock(sock->sk);
	sent = sk_is_tcp(sock->sk) ? tcp_rtx_queue_head(sock->sk) : NULL;
	if (!sent || !skb_shinfo(sent)->nr_frags) {
		err = -ENODATA;
		goto out;
	}
	frag = &skb_shinfo(sent)->frags[0];
	err = -EMSGSIZE;
	if (skb_frag_size(frag) < len)
		goto out;
	get_netmem(skb_frag_netmem(frag));
	skb_fill_netmem_desc(skb, i, skb_frag_netmem(frag), skb_frag_off(frag),
			     len);
	err = 0;
out:
	release_sock(sock->sk);
	sockfd_put(sock);
	return err;
}

static int add_frag(struct sk_buff *skb, const struct fid_skb *req, int i)
{
	struct net_iov *niov;
	struct page *page;
	int err = 0;

	switch (req->frags[i]) {
	case 'p':
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
		memset(page_address(page), 'P', PAGE_SIZE);
		skb_fill_page_desc(skb, i, page, 0, req->frag_len);
		break;
	case 'n':
		niov = get_niov(req->nic_ifindex);
		if (!niov)
			return -ENODEV;
		skb_fill_netmem_desc(skb, i, net_iov_to_netmem(niov), 0,
				     req->frag_len);
		break;
	case 'd':
	case 'e':
		err = add_sent_frag(skb, i, req->sock[req->frags[i] == 'e'],
				    req->frag_len);
		break;
	default:
		err = -EINVAL;
	}
	if (err)
		return err;
	skb->len += req->frag_len;
	skb->data_len += req->frag_len;
	skb->truesize += PAGE_SIZE;
	return 0;
}

static struct sk_buff *make_skb(const struct fid_skb *req)
{
	struct sk_buff *skb = alloc_skb(req->headroom + FID_MAX_HEADER, GFP_KERNEL);
	int i, err;

	if (!skb)
		return ERR_PTR(-ENOMEM);
	skb_reserve(skb, req->headroom);
	skb_put_data(skb, req->header, req->header_len);
	for (i = 0; i < FID_MAX_FRAGS && req->frags[i]; i++) {
		err = add_frag(skb, req, i);
		if (err) {
			kfree_skb(skb);
			return ERR_PTR(err);
		}
	}
	skb_reset_mac_header(skb);
	skb->protocol = eth_hdr(skb)->h_proto;
	skb_set_network_header(skb, ETH_HLEN);
	skb_set_transport_header(skb, ETH_HLEN + sizeof(struct iphdr));
	if (req->vlan)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), req->vlan);
	if (req->csum_start &&
	    !skb_partial_csum_set(skb, req->csum_start, req->csum_offset)) {
		kfree_skb(skb);
		return ERR_PTR(-EINVAL);
	}
	return skb;
}

int fid_skb_send(struct fid_skb *req)
{
	struct net_device *dev;
	struct sk_buff *skb;
	struct net *net;

	if (req->header_len < ETH_HLEN + sizeof(struct iphdr) ||
	    req->header_len > FID_MAX_HEADER || req->frag_len > PAGE_SIZE ||
	    req->headroom > PAGE_SIZE)
		return -EINVAL;
	net = get_net_ns_by_fd(req->netns_fd);
	if (IS_ERR(net))
		return PTR_ERR(net);
	dev = dev_get_by_index(net, req->ifindex);
	put_net(net);
	if (!dev)
		return -ENODEV;
	skb = make_skb(req);
	if (IS_ERR(skb)) {
		dev_put(dev);
		return PTR_ERR(skb);
	}
	skb->dev = dev;
	req->unreadable = !skb_frags_readable(skb);
	req->xmit = dev_queue_xmit(skb);
	dev_put(dev);
	return 0;
}
