// SPDX-License-Identifier: GPL-2.0
/* nmtx_fid: dma-bufs that cannot be attached, mapped, or do not fit pages. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "fid.h"

#define FID_ORDER	2

struct fid_buf {
	struct fid_dmabuf req;
	struct page *pages;
};

static int fid_attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attach)
{
	struct fid_buf *buf = dmabuf->priv;

	return -buf->req.attach_err;
}

/*
 * The pieces are given bus addresses here: the IOMMU would join them, and
 * their length is what the scenario is about. Nothing is ever sent.
 */
static struct sg_table *fid_map(struct dma_buf_attachment *attach,
				enum dma_data_direction dir)
{
	struct fid_buf *buf = attach->dmabuf->priv;
	unsigned int nents = buf->req.first ? 2 : 1;
	unsigned int done = 0, len, i;
	struct scatterlist *sg;
	struct sg_table *sgt;

	if (buf->req.map_err)
		return ERR_PTR(-buf->req.map_err);
	sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);
	if (!sgt || sg_alloc_table(sgt, nents, GFP_KERNEL)) {
		kfree(sgt);
		return ERR_PTR(-ENOMEM);
	}
	for_each_sgtable_sg(sgt, sg, i) {
		len = i == 0 && buf->req.first ? buf->req.first :
						 buf->req.size - done;
		sg_set_page(sg, buf->pages, len, done);
		sg_dma_address(sg) = 0x10000000 + done;
		sg_dma_len(sg) = len;
		done += len;
	}
	return sgt;
}

static void fid_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		      enum dma_data_direction dir)
{
	sg_free_table(sgt);
	kfree(sgt);
}

static void fid_release(struct dma_buf *dmabuf)
{
	struct fid_buf *buf = dmabuf->priv;

	__free_pages(buf->pages, FID_ORDER);
	kfree(buf);
}

static const struct dma_buf_ops fid_dmabuf_ops = {
	.attach = fid_attach,
	.map_dma_buf = fid_map,
	.unmap_dma_buf = fid_unmap,
	.release = fid_release,
};

int fid_dmabuf_make(struct fid_dmabuf *req)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	struct fid_buf *buf;

	if (!req->size || req->size > PAGE_SIZE << FID_ORDER ||
	    req->first >= req->size)
		return -EINVAL;
	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	buf->req = *req;
	buf->pages = alloc_pages(GFP_KERNEL | __GFP_ZERO, FID_ORDER);
	if (!buf->pages) {
		kfree(buf);
		return -ENOMEM;
	}
	info.ops = &fid_dmabuf_ops;
	info.size = req->size;
	info.flags = O_RDWR;
	info.priv = buf;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		__free_pages(buf->pages, FID_ORDER);
		kfree(buf);
		return PTR_ERR(dmabuf);
	}
	req->fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (req->fd >= 0)
		return 0;
	dma_buf_put(dmabuf);
	return req->fd;
}
