// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses of kernel functions that are not exported.
 *
 * One kprobe finds kallsyms_lookup_name(). That finds the look-up of all
 * symbols of a name in the kernel itself, which finds everything else: it does
 * not go through the symbols of all modules for each name that is not there.
 * All calls go through static calls, see symbols.h.
 */
#include "netmem_tx.h"

#include <linux/kprobes.h>

#include "layout.h"
#include "symbols.h"

DEFINE_STATIC_CALL_NULL(nmtx_kallsyms_lookup_name, kallsyms_lookup_name);
DEFINE_STATIC_CALL_NULL(nmtx_kallsyms_each, kallsyms_on_each_match_symbol);
DEFINE_STATIC_CALL_NULL(nmtx_btf_name, btf_name_by_offset);
DEFINE_STATIC_CALL_NULL(nmtx_btf_put, btf_put);
DEFINE_STATIC_CALL_NULL(nmtx_genl_sk_priv_get, genl_sk_priv_get);
DEFINE_STATIC_CALL_NULL(nmtx_bind_tx_stock, netdev_nl_bind_tx_doit);
DEFINE_STATIC_CALL_NULL(nmtx_lookup_dmabuf, net_devmem_lookup_dmabuf);
DEFINE_STATIC_CALL_NULL(nmtx_unbind_dmabuf, net_devmem_unbind_dmabuf);
DEFINE_STATIC_CALL_NULL(nmtx_binding_free, __net_devmem_dmabuf_binding_free);
DEFINE_STATIC_CALL_NULL(nmtx_bind_parent, nmtx_bind_dmabuf_parent);
DEFINE_STATIC_CALL_NULL(nmtx_bind_dma_dev, nmtx_bind_dmabuf_dma_dev);
DEFINE_STATIC_CALL_NULL(nmtx_dma_dev_idx, nmtx_get_dma_dev_idx);
DEFINE_STATIC_CALL_NULL(nmtx_dma_dev_type, nmtx_get_dma_dev_type);

/* Point the static call @call at the kernel function @name, or fail. */
#define NMTX_RESOLVE(call, name)					\
({									\
	unsigned long __addr = nmtx_symbol(name);			\
									\
	if (__addr)							\
		static_call_update(call, (void *)__addr);		\
	__addr ? 0 : -ENOENT;						\
})

/*
 * A function that the compiler split or cloned is not all of the function:
 * callers of the clone would pass a hook by.
 */
static const char * const clone_suffixes[] = {
	".isra.0", ".constprop.0", ".part.0", ".isra.0.constprop.0",
	".constprop.0.isra.0",
};

/* The address after the landing pad, where a kprobe sits, minus the pad. */
static unsigned long symbol_start(unsigned long addr)
{
	char text[KSYM_SYMBOL_LEN];
	unsigned long offset;
	char *plus;

	sprint_symbol(text, addr);
	plus = strchr(text, '+');
	if (!plus || sscanf(plus, "+0x%lx/", &offset) != 1)
		return 0;
	return addr - offset;
}

/* The kernel's own functions of one name; those of modules do not count. */
struct found {
	unsigned long addr;
	unsigned int count;
};

static int note_symbol(void *data, unsigned long addr)
{
	struct found *found = data;

	found->addr = addr;
	found->count++;
	return 0;
}

static struct found find_symbol(const char *name)
{
	struct found found = {};

	static_call(nmtx_kallsyms_each)(note_symbol, name, &found);
	return found;
}

/**
 * nmtx_symbol - address of the one kernel function of a name
 * @name: exact name
 *
 * Says on the log why, when there is none, several, or a compiler's clone.
 *
 * Context: process context, after nmtx_symbols_start().
 * Return: the address, or 0.
 */
unsigned long nmtx_symbol(const char *name)
{
	struct found found = find_symbol(name);
	const char *cloned = name;
	char clone[KSYM_NAME_LEN];
	int i;

	if (!found.count || nmtx_test_breaks("symbol", name)) {
		pr_err("refused: this kernel has no function %s\n", name);
		return 0;
	}
	if (found.count != 1) {
		pr_err("refused: this kernel has %u functions called %s\n",
		       found.count, name);
		return 0;
	}
	if (nmtx_test_breaks("clone", name))
		cloned = "finish_task_switch";	/* that has one */
	for (i = 0; i < ARRAY_SIZE(clone_suffixes); i++) {
		snprintf(clone, sizeof(clone), "%s%s", cloned, clone_suffixes[i]);
		if (find_symbol(clone).count) {
			pr_err("refused: the compiler cloned %s as %s\n",
			       name, clone);
			return 0;
		}
	}
	return found.addr;
}

/**
 * nmtx_symbols_start - make symbol look-up and BTF reading work
 *
 * Context: process context, module init.
 * Return: 0, or a negative errno that was explained on the log.
 */
int nmtx_symbols_start(void)
{
	struct kprobe kp = {
		.symbol_name = "kallsyms_lookup_name",
		.flags = KPROBE_FLAG_DISABLED,	/* only to be told its address */
	};
	unsigned long addr;
	int err;

	err = register_kprobe(&kp);
	if (err) {
		pr_err("refused: no kprobe on kallsyms_lookup_name (error %d)\n",
		       err);
		return err;
	}
	addr = symbol_start((unsigned long)kp.addr);
	unregister_kprobe(&kp);
	if (!addr) {
		pr_err("refused: cannot find kallsyms_lookup_name\n");
		return -ENOENT;
	}
	static_call_update(nmtx_kallsyms_lookup_name, (void *)addr);

	addr = static_call(nmtx_kallsyms_lookup_name)("kallsyms_on_each_match_symbol");
	if (!addr) {
		pr_err("refused: this kernel has no function kallsyms_on_each_match_symbol\n");
		return -ENOENT;
	}
	static_call_update(nmtx_kallsyms_each, (void *)addr);

	return NMTX_RESOLVE(nmtx_btf_name, "btf_name_by_offset") ?:
	       NMTX_RESOLVE(nmtx_btf_put, "btf_put");
}

static int resolve_bind(void)
{
	if (nmtx_layout.bind_takes_dma_dev)
		return NMTX_RESOLVE(nmtx_bind_dma_dev, "net_devmem_bind_dmabuf");
	return NMTX_RESOLVE(nmtx_bind_parent, "net_devmem_bind_dmabuf");
}

static int resolve_dma_dev(void)
{
	switch (nmtx_layout.dma_dev) {
	case NMTX_DMA_DEV_PARENT:
		return 0;
	case NMTX_DMA_DEV_IDX:
		return NMTX_RESOLVE(nmtx_dma_dev_idx, "netdev_queue_get_dma_dev");
	case NMTX_DMA_DEV_TYPE:
		return NMTX_RESOLVE(nmtx_dma_dev_type, "netdev_queue_get_dma_dev");
	}
	return -EINVAL;
}

/**
 * nmtx_symbols_resolve - set the static calls
 *
 * Context: process context, module init, after nmtx_layout_check(): the
 * prototypes have been compared.
 * Return: 0, or a negative errno that was explained on the log.
 */
int nmtx_symbols_resolve(void)
{
	return NMTX_RESOLVE(nmtx_genl_sk_priv_get, "genl_sk_priv_get") ?:
	       NMTX_RESOLVE(nmtx_bind_tx_stock, "netdev_nl_bind_tx_doit") ?:
	       NMTX_RESOLVE(nmtx_lookup_dmabuf, "net_devmem_lookup_dmabuf") ?:
	       NMTX_RESOLVE(nmtx_unbind_dmabuf, "net_devmem_unbind_dmabuf") ?:
	       NMTX_RESOLVE(nmtx_binding_free, "__net_devmem_dmabuf_binding_free") ?:
	       resolve_bind() ?:
	       resolve_dma_dev();
}
