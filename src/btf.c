// SPDX-License-Identifier: GPL-2.0
/* Reading the running kernel's BTF: prototypes as text, offsets of members. */
#include "netmem_tx.h"

#include <linux/btf.h>

#include "btf.h"
#include "symbols.h"

/**
 * nmtx_btf_get - the BTF of the running kernel
 *
 * Context: process context.
 * Return: the BTF, to be given back with nmtx_btf_release(); or NULL.
 */
struct btf *nmtx_btf_get(void)
{
	struct btf *btf;

	/* The exported way to get at it; any type of the kernel would do. */
	if (bpf_find_btf_id("list_head", BTF_KIND_STRUCT, &btf) < 0)
		return NULL;
	return btf;
}

/**
 * nmtx_btf_release - give BTF back
 * @btf: from nmtx_btf_get()
 *
 * Context: process context.
 */
void nmtx_btf_release(struct btf *btf)
{
	static_call(nmtx_btf_put)(btf);
}

/* By its first two letters most of a kernel's names are none that we want. */
static u64 name_bit(const char *name)
{
	return name[0] ? BIT_ULL((name[0] + 37 * name[1]) % 64) : 0;
}

/**
 * nmtx_btf_find - find several types in one pass
 * @btf: the kernel's BTF
 * @wants: what to look for; their ids are set
 * @n: number of @wants
 *
 * Context: process context.
 */
void nmtx_btf_find(const struct btf *btf, struct nmtx_btf_want *wants,
		   unsigned int n)
{
	const struct btf_type *t;
	const char *name;
	u64 wanted = 0;
	unsigned int i;
	u32 id;

	for (i = 0; i < n; i++)
		wanted |= name_bit(wants[i].name);
	for (id = 1; (t = btf_type_by_id(btf, id)); id++) {
		if (!btf_type_is_func(t) && !__btf_type_is_struct(t))
			continue;
		name = static_call(nmtx_btf_name)(btf, t->name_off);
		if (!name || !(name_bit(name) & wanted))
			continue;
		for (i = 0; i < n; i++) {
			if (wants[i].kind == BTF_INFO_KIND(t->info) &&
			    !strcmp(wants[i].name, name))
				wants[i].id = id;
		}
	}
}

static const char *kind_prefix(const struct btf_type *t)
{
	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
		return "union ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	case BTF_KIND_FWD:
		return "struct ";
	default:
		return "";
	}
}

/* One type as C writes it, as far as our prototypes need it. */
static int type_text(const struct btf *btf, u32 id, char *buf, size_t size)
{
	const struct btf_type *t;
	unsigned int stars = 0;
	bool is_const = false;
	const char *name;

	for (;;) {
		t = id ? btf_type_by_id(btf, id) : NULL;
		if (t && btf_type_is_ptr(t))
			stars++;
		else if (t && BTF_INFO_KIND(t->info) == BTF_KIND_CONST)
			is_const = true;
		else
			break;
		id = t->type;
	}
	if (t)
		name = static_call(nmtx_btf_name)(btf, t->name_off);
	else
		name = id ? NULL : "void";

	return scnprintf(buf, size, "%s%s%s%s%.*s", is_const ? "const " : "",
			 t ? kind_prefix(t) : "", name && *name ? name : "?",
			 stars ? " " : "", min(stars, 3U), "***");
}

/**
 * nmtx_btf_proto - prototype of a function as text
 * @btf: the kernel's BTF
 * @func_id: the function
 * @buf: where the text goes, like "int (struct sk_buff *, u32)"
 * @size: of @buf
 *
 * Context: process context.
 * Return: 0, or -EINVAL when @func_id is no function.
 */
int nmtx_btf_proto(const struct btf *btf, u32 func_id, char *buf, size_t size)
{
	const struct btf_type *func = btf_type_by_id(btf, func_id);
	const struct btf_param *params;
	const struct btf_type *proto;
	size_t len;
	u32 i;

	if (!func || !btf_type_is_func(func))
		return -EINVAL;
	proto = btf_type_by_id(btf, func->type);
	if (!proto || !btf_type_is_func_proto(proto))
		return -EINVAL;

	params = btf_params(proto);
	len = type_text(btf, proto->type, buf, size);
	len += scnprintf(buf + len, size - len, " (");
	for (i = 0; i < btf_vlen(proto); i++) {
		if (i)
			len += scnprintf(buf + len, size - len, ", ");
		len += type_text(btf, params[i].type, buf + len, size - len);
	}
	scnprintf(buf + len, size - len, ")");
	return 0;
}

/**
 * nmtx_btf_member - where a member of a struct is
 * @btf: the kernel's BTF
 * @struct_id: the struct
 * @name: a direct member of it, or of an unnamed member
 * @bit_offset: set to its offset in bits
 *
 * Context: process context.
 * Return: 0, -ENOENT when there is no such member.
 */
int nmtx_btf_member(const struct btf *btf, u32 struct_id, const char *name,
		    u32 *bit_offset)
{
	const struct btf_type *t = btf_type_by_id(btf, struct_id);
	const struct btf_member *member;
	const struct btf_type *type;
	const char *member_name;
	u32 i, inner, offset;

	for (i = 0; t && i < btf_vlen(t); i++) {
		member = &btf_members(t)[i];
		offset = __btf_member_bit_offset(t, member);
		member_name = static_call(nmtx_btf_name)(btf, member->name_off);
		if (member_name && *member_name) {
			if (strcmp(member_name, name))
				continue;
			*bit_offset = offset;
			return 0;
		}
		type = btf_type_by_id(btf, member->type);
		if (type && btf_type_is_struct(type) &&
		    !nmtx_btf_member(btf, member->type, name, &inner)) {
			*bit_offset = offset + inner;
			return 0;
		}
	}
	return -ENOENT;
}

/**
 * nmtx_btf_size - size of a struct in bytes
 * @btf: the kernel's BTF
 * @struct_id: the struct
 *
 * Context: process context.
 * Return: the size, 0 when there is no such struct.
 */
u32 nmtx_btf_size(const struct btf *btf, u32 struct_id)
{
	const struct btf_type *t = btf_type_by_id(btf, struct_id);

	return t ? t->size : 0;
}
