/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_SYMBOLS_H
#define NETMEM_TX_SYMBOLS_H

#include <linux/btf.h>
#include <linux/kallsyms.h>
#include <linux/static_call.h>

#include "compat/private.h"

/*
 * Unexported kernel functions are called through static calls: direct
 * branches, as their landing pads for indirect ones are sealed.
 */
DECLARE_STATIC_CALL(nmtx_kallsyms_lookup_name, kallsyms_lookup_name);
DECLARE_STATIC_CALL(nmtx_kallsyms_each, kallsyms_on_each_match_symbol);
DECLARE_STATIC_CALL(nmtx_btf_name, btf_name_by_offset);
DECLARE_STATIC_CALL(nmtx_btf_put, btf_put);
DECLARE_STATIC_CALL(nmtx_genl_sk_priv_get, genl_sk_priv_get);
DECLARE_STATIC_CALL(nmtx_bind_tx_stock, netdev_nl_bind_tx_doit);
DECLARE_STATIC_CALL(nmtx_lookup_dmabuf, net_devmem_lookup_dmabuf);
DECLARE_STATIC_CALL(nmtx_unbind_dmabuf, net_devmem_unbind_dmabuf);
DECLARE_STATIC_CALL(nmtx_binding_free, __net_devmem_dmabuf_binding_free);
DECLARE_STATIC_CALL(nmtx_bind_parent, nmtx_bind_dmabuf_parent);
DECLARE_STATIC_CALL(nmtx_bind_dma_dev, nmtx_bind_dmabuf_dma_dev);
DECLARE_STATIC_CALL(nmtx_dma_dev_idx, nmtx_get_dma_dev_idx);
DECLARE_STATIC_CALL(nmtx_dma_dev_type, nmtx_get_dma_dev_type);

unsigned long nmtx_symbol(const char *name);
int nmtx_symbols_start(void);
int nmtx_symbols_resolve(void);

#endif
