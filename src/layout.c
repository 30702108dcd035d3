// SPDX-License-Identifier: GPL-2.0
/*
 * Is the running kernel the one this module was written for? Prototypes and
 * layouts are compared with its BTF. A difference refuses the load.
 */
#include "netmem_tx.h"

#include <linux/btf.h>
#include <linux/skbuff.h>
#include <net/inet_connection_sock.h>
#include <net/netdev_netlink.h>

#include "btf.h"
#include "layout.h"
#include "skb_unreadable.h"

struct nmtx_layout nmtx_layout __ro_after_init;

static_assert(SKB_SIZE == sizeof(struct sk_buff));

#define BINDING "struct net_devmem_dmabuf_binding * ("
#define BIND_ARGS \
	"enum dma_data_direction, unsigned int, struct netdev_nl_sock *, " \
	"struct netlink_ext_ack *)"

#define NF_LOG "void (struct net *, u_int8_t, unsigned int, " \
	"const struct sk_buff *, const struct net_device *, " \
	"const struct net_device *, const struct nf_loginfo *, const char *, void)" /* ... */

#define FILL "int (struct sock *, struct sk_buff *, struct msghdr *, int, " \
	"struct ubuf_info *, struct net_devmem_dmabuf_binding *)"

/* Functions, each with the prototypes it may have; variants end with NULL. */
static const struct {
	const char *name;
	bool optional;
	const char *protos[3];
} functions[] __initconst = {
	{ "validate_xmit_skb", false,
	  { "struct sk_buff * (struct sk_buff *, struct net_device *, bool *)" } },
	{ "skb_segment", false,
	  { "struct sk_buff * (struct sk_buff *, netdev_features_t)" } },
	{ "netdev_nl_bind_tx_doit", false,
	  { "int (struct sk_buff *, struct genl_info *)" } },
	{ "net_devmem_get_binding", false,
	  { "struct net_devmem_dmabuf_binding * (struct sock *, unsigned int)" } },
	{ "net_devmem_unbind_dmabuf", false,
	  { "void (struct net_devmem_dmabuf_binding *)" } },
	{ "__net_devmem_dmabuf_binding_free", false,
	  { "void (struct work_struct *)" } },
	{ "net_devmem_lookup_dmabuf", false,
	  { "struct net_devmem_dmabuf_binding * (u32)" } },
	{ "genl_sk_priv_get", false,
	  { "void * (struct genl_family *, struct sock *)" } },
#define FN_BIND 8
	{ "net_devmem_bind_dmabuf", false,
	  { BINDING "struct net_device *, " BIND_ARGS,
	    BINDING "struct net_device *, struct device *, " BIND_ARGS } },
#define FN_DMA_DEV 9
	{ "netdev_queue_get_dma_dev", true,
	  { "struct device * (struct net_device *, int)",
	    "struct device * (struct net_device *, unsigned int, enum netdev_queue_type)" } },
	{ "skb_copy_and_csum_bits", false,
	  { "__wsum (const struct sk_buff *, int, u8 *, int)" } },
	{ "tcp_sync_mss", false,
	  { "unsigned int (struct sock *, u32)" } },
	{ "nf_queue", !NMTX_NETFILTER_READS,
	  { "int (struct sk_buff *, struct nf_hook_state *, unsigned int, unsigned int)" } },
	{ "nf_log_packet", !NMTX_NETFILTER_READS, { NF_LOG } },
	{ "nf_log_trace", !NMTX_NETFILTER_READS, { NF_LOG } },
	{ "tcp_sigpool_hash_skb_data", !NMTX_TCP_SIGPOOL,
	  { "int (struct tcp_sigpool *, const struct sk_buff *, unsigned int)" } },
	{ "tcp_md5_hash_skb_data", !NMTX_TCP_MD5_LIB,
	  { "void (struct md5_ctx *, const struct sk_buff *, unsigned int)" } },
	{ "skb_zerocopy_iter_stream", false, { FILL } },
};

/* Structs we share with the kernel by its own headers. */
static const struct {
	const char *name;
	size_t size;
} structs[] __initconst = {
	{ "sk_buff", sizeof(struct sk_buff) },
	{ "net_device", sizeof(struct net_device) },
	{ "netdev_nl_sock", sizeof(struct netdev_nl_sock) },
	{ "net_iov", sizeof(struct net_iov) },
	{ "net_iov_area", sizeof(struct net_iov_area) },
	{ "inet_connection_sock", sizeof(struct inet_connection_sock) },
};

/* Members of private structs; offsets go to nmtx_layout. */
static const struct {
	const char *name;
	const char *member;
	u32 *offset;
} members[] __initconst = {
	{ "net_devmem_dmabuf_binding", "id", &nmtx_layout.binding_id },
	{ "net_devmem_dmabuf_binding", "dev", &nmtx_layout.binding_dev },
	{ "net_devmem_dmabuf_binding", "list", &nmtx_layout.binding_list },
	{ "net_devmem_dmabuf_binding", "lock", &nmtx_layout.binding_lock },
	{ "net_devmem_dmabuf_binding", "dmabuf", &nmtx_layout.binding_dmabuf },
	{ "net_devmem_dmabuf_binding", "tx_vec", &nmtx_layout.binding_tx_vec },
	{ "net_devmem_dmabuf_binding", "sgt", &nmtx_layout.binding_sgt },
	{ "net_devmem_dmabuf_binding", "unbind_w", &nmtx_layout.binding_work },
	{ "dmabuf_genpool_chunk_owner", "binding", &nmtx_layout.owner_binding },
};

#define N_FUNCTIONS ARRAY_SIZE(functions)
#define N_STRUCTS ARRAY_SIZE(structs)
#define N_MEMBERS ARRAY_SIZE(members)

/* Which of its prototypes function @i has. */
static int __init check_function(const struct btf *btf, unsigned int i, u32 id)
{
	char proto[256];
	int variant;

	if (!id && functions[i].optional)
		return ARRAY_SIZE(functions[i].protos);
	if (!id) {
		pr_err("refused: BTF of this kernel has no function %s\n",
		       functions[i].name);
		return -ENOENT;
	}
	if (nmtx_btf_proto(btf, id, proto, sizeof(proto)))
		return -EINVAL;
	for (variant = 0; variant < ARRAY_SIZE(functions[i].protos); variant++)
		if (functions[i].protos[variant] &&
		    !nmtx_test_breaks("proto", functions[i].name) &&
		    !strcmp(functions[i].protos[variant], proto))
			return variant;
	pr_err("refused: %s has a prototype that is not known: %s\n",
	       functions[i].name, proto);
	return -EINVAL;
}

static int __init check_functions(const struct btf *btf,
				  const struct nmtx_btf_want *wants)
{
	unsigned int i;
	int variant;

	for (i = 0; i < N_FUNCTIONS; i++) {
		variant = check_function(btf, i, wants[i].id);
		if (variant < 0)
			return variant;
		if (i == FN_BIND)
			nmtx_layout.bind_takes_dma_dev = variant == 1;
		if (i == FN_DMA_DEV)
			nmtx_layout.dma_dev = variant == 0 ? NMTX_DMA_DEV_IDX :
					      variant == 1 ? NMTX_DMA_DEV_TYPE :
							     NMTX_DMA_DEV_PARENT;
	}
	if (nmtx_layout.bind_takes_dma_dev ==
	    (nmtx_layout.dma_dev == NMTX_DMA_DEV_PARENT)) {
		pr_err("refused: net_devmem_bind_dmabuf and netdev_queue_get_dma_dev do not fit\n");
		return -EINVAL;
	}
	return 0;
}

static int __init check_structs(const struct btf *btf,
				const struct nmtx_btf_want *wants)
{
	unsigned int i;
	u32 size;

	for (i = 0; i < N_STRUCTS; i++) {
		size = wants[i].id ? nmtx_btf_size(btf, wants[i].id) : 0;
		if (size == structs[i].size &&
		    !nmtx_test_breaks("struct", structs[i].name))
			continue;
		pr_err("refused: struct %s has %u bytes, the headers say %zu; install this kernel's headers and rebuild\n",
		       structs[i].name, size, structs[i].size);
		return -EINVAL;
	}
	return 0;
}

static int __init check_members(const struct btf *btf,
				const struct nmtx_btf_want *wants)
{
	unsigned int i;
	u32 bits;

	for (i = 0; i < N_MEMBERS; i++) {
		if (!wants[i].id || nmtx_test_breaks("member", members[i].member) ||
		    nmtx_btf_member(btf, wants[i].id, members[i].member, &bits) ||
		    bits % 8) {
			pr_err("refused: struct %s has no member %s\n",
			       members[i].name, members[i].member);
			return -ENOENT;
		}
		*members[i].offset = bits / 8;
	}
	return 0;
}

/* The stub reads this bit in assembler: where the compiler and BTF say. */
static int __init check_unreadable(const struct btf *btf, u32 skb_id)
{
	u32 bits;

	if (!nmtx_btf_member(btf, skb_id, "unreadable", &bits) &&
	    bits / 8 == SKB_UNREADABLE_OFFSET &&
	    1U << (bits % 8) == SKB_UNREADABLE_MASK &&
	    !nmtx_test_breaks("bit", "unreadable"))
		return 0;
	pr_err("refused: skb->unreadable is not where the headers say; install this kernel's headers and rebuild\n");
	return -EINVAL;
}

/**
 * nmtx_layout_check - compare the module's assumptions with the kernel's BTF
 *
 * Fills nmtx_layout.
 *
 * Context: process context, module init, after nmtx_symbols_start().
 * Return: 0, or a negative errno that was explained on the log.
 */
int __init nmtx_layout_check(void)
{
	struct nmtx_btf_want wants[N_FUNCTIONS + N_STRUCTS + N_MEMBERS] = {};
	struct nmtx_btf_want *want = wants;
	struct btf *btf;
	unsigned int i;
	int err;

	for (i = 0; i < N_FUNCTIONS; i++, want++)
		*want = (struct nmtx_btf_want){ functions[i].name, BTF_KIND_FUNC };
	for (i = 0; i < N_STRUCTS; i++, want++)
		*want = (struct nmtx_btf_want){ structs[i].name, BTF_KIND_STRUCT };
	for (i = 0; i < N_MEMBERS; i++, want++)
		*want = (struct nmtx_btf_want){ members[i].name, BTF_KIND_STRUCT };

	btf = nmtx_btf_get();
	if (!btf) {
		pr_err("refused: this kernel shows no BTF\n");
		return -ENOENT;
	}
	nmtx_btf_find(btf, wants, ARRAY_SIZE(wants));
	err = check_functions(btf, wants) ?:
	      check_structs(btf, wants + N_FUNCTIONS) ?:
	      check_unreadable(btf, wants[N_FUNCTIONS].id) ?:
	      check_members(btf, wants + N_FUNCTIONS + N_STRUCTS);
	nmtx_btf_release(btf);
	return err;
}
