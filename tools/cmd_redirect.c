// SPDX-License-Identifier: GPL-2.0-only
/* nmtx redirect: a container's traffic between its netkit and a NIC, by BPF. */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "link.h"
#include "nmtx.h"

#ifdef HAVE_REDIRECT

#include "redirect/redirect.h"

static const char usage[] =
	"Usage: nmtx redirect [ show ]\n"
	"       nmtx redirect add dev NETKIT nic NIC addr ADDR [ addr ADDR ]... [ tcx ]\n"
	"       nmtx redirect del [ dev NETKIT ] [ nic NIC ]\n";

static void print_dev(const char *name_key, const char *index_key, int ifindex)
{
	char name[IF_NAMESIZE];
	const char *found = if_indextoname((unsigned int)ifindex, name);

	if (found)
		out_str(name_key, found);
	if (out_is_json() || !found)
		out_uint(index_key, (uint64_t)(unsigned int)ifindex);
}

static void show_one(const struct redirect_info *info, void *data)
{
	(void)data;
	out_record_begin();
	print_dev("at", "at_ifindex", info->ifindex);
	out_str("hook", info->tcx ? "tcx" : "netkit");
	out_str("to", info->to_nic ? "nic" : "netkit");
	print_dev("dev", "ifindex", info->netkit);
	print_dev("nic", "nic_ifindex", info->nic);
	out_record_end();
}

static int redirect_list(struct args *args)
{
	int ret;

	if (no_more_args(args, usage))
		return EXIT_USAGE;
	out_array_begin();
	ret = redirect_show(show_one, NULL);
	out_array_end(ret >= 0);
	return ret < 0 ? nl_fail(NULL, ret, "redirect show") : EXIT_OK;
}

/* A device in our netns. 0 if there is none, with the reason printed. */
static int find_dev(const char *name)
{
	unsigned int ifindex;

	if (link_check_name(name))
		return 0;
	ifindex = if_nametoindex(name);
	if (!ifindex)
		fail("cannot find device \"%s\"", name);
	return (int)ifindex;
}

/* Take one "addr ADDR" or "tcx" off the words; false if it is neither. */
static bool take_extra(struct args *args, struct redirect_config *cfg)
{
	if (args->argc && !strcmp(args->argv[0], "tcx")) {
		cfg->use_tcx = true;
		args_next(args);
		return true;
	}
	if (args->argc < 2 || strcmp(args->argv[0], "addr") ||
	    cfg->nr_addrs == REDIRECT_MAX_ADDRS)
		return false;
	args_next(args);
	cfg->addrs[cfg->nr_addrs++] = args_next(args);
	return true;
}

static int parse_add(struct args *args, struct redirect_config *cfg)
{
	const char *dev = NULL, *nic = NULL;
	const struct keyword table[] = {
		{ "dev", &dev },
		{ "nic", &nic },
		{ NULL, NULL },
	};
	struct args pair;
	int ret;

	while (args->argc) {
		if (take_extra(args, cfg))
			continue;
		pair = (struct args){ args->argc < 2 ? args->argc : 2,
				      args->argv };
		ret = parse_keywords(table, &pair, usage);
		if (ret)
			return ret;
		args->argc -= 2;
		args->argv += 2;
	}
	if (!dev || !nic || !cfg->nr_addrs)
		return usage_fail(usage, "\"dev\", \"nic\" and \"addr\" are required");
	cfg->netkit = find_dev(dev);
	if (cfg->netkit)
		cfg->nic = find_dev(nic);
	return cfg->netkit && cfg->nic ? EXIT_OK : EXIT_RUNTIME;
}

static int redirect_start(struct args *args)
{
	struct redirect_config cfg = { 0 };
	char msg[256] = "redirect add";
	int ret = parse_add(args, &cfg);

	if (ret)
		return ret;
	ret = redirect_add(&cfg, msg, sizeof(msg));
	return ret < 0 ? nl_fail(NULL, ret, "%s", msg) : EXIT_OK;
}

static int redirect_stop(struct args *args)
{
	const char *dev = NULL, *nic = NULL;
	const struct keyword table[] = {
		{ "dev", &dev },
		{ "nic", &nic },
		{ NULL, NULL },
	};
	int netkit_index = 0, nic_index = 0;
	int ret = parse_keywords(table, args, usage);

	if (ret)
		return ret;
	if (dev)
		netkit_index = find_dev(dev);
	if (nic)
		nic_index = find_dev(nic);
	if ((dev && !netkit_index) || (nic && !nic_index))
		return EXIT_RUNTIME;
	ret = redirect_del(netkit_index, nic_index);
	if (ret < 0)
		return nl_fail(NULL, ret, "redirect del");
	out_record_begin();
	out_uint("detached", (uint64_t)ret);
	out_record_end();
	return EXIT_OK;
}

int do_redirect(struct args *args)
{
	static const struct command table[] = {
		{ "show", redirect_list },
		{ "list", redirect_list },
		{ "add", redirect_start },
		{ "del", redirect_stop },
		{ "delete", redirect_stop },
		{ NULL, NULL },
	};

	return run_command(table, args, usage);
}

#else

int do_redirect(struct args *args)
{
	(void)args;
	return fail("built without redirect: it needs clang and bpftool at build time");
}

#endif
