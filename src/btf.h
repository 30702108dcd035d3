/* SPDX-License-Identifier: GPL-2.0 */
#ifndef NETMEM_TX_BTF_H
#define NETMEM_TX_BTF_H

#include <linux/types.h>

struct btf;

/**
 * struct nmtx_btf_want - a type to look for
 * @name: its name
 * @kind: BTF_KIND_FUNC or BTF_KIND_STRUCT
 * @id: BTF id, 0 when there is none
 */
struct nmtx_btf_want {
	const char *name;
	u32 kind;
	u32 id;
};

struct btf *nmtx_btf_get(void);
void nmtx_btf_release(struct btf *btf);
void nmtx_btf_find(const struct btf *btf, struct nmtx_btf_want *wants,
		   unsigned int n);
int nmtx_btf_proto(const struct btf *btf, u32 func_id, char *buf, size_t size);
int nmtx_btf_member(const struct btf *btf, u32 struct_id, const char *name,
		    u32 *bit_offset);
u32 nmtx_btf_size(const struct btf *btf, u32 struct_id);

#endif
