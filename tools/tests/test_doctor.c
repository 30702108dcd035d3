// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmtx doctor on hosts that are set up well, and on hosts with one thing
 * broken: that thing, and nothing else, has to be named. A host is files below
 * a directory, and the peer in the place of the kernel's netlink. TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "netns.h"
#include "nmtx.h"
#include "peer.h"
#include "wrap.h"

#define RELEASE		"6.18.15+deb13-amd64"
#define MODULE		"/lib/modules/" RELEASE "/updates/dkms/netmem_tx.ko.xz"
#define CONFIG		"/boot/config-" RELEASE
#define FUNCTIONS	"/sys/kernel/tracing/enabled_functions"

static int cases, failures;
static char root[PATH_MAX / 2] = "/tmp/nmtx-doctor-XXXXXX";
static FILE *real_stdout;

/* Features of each device: what is off. */
static const char *tx_off, *sg_off;

int __wrap_ioctl(int fd, unsigned long request, void *arg)
{
	struct ethtool_value *value;
	const char *off;
	struct ifreq *ifr = arg;

	if (fd != WRAP_FD || request != SIOCETHTOOL)
		return __real_ioctl(fd, request, arg);
	value = (void *)ifr->ifr_data;
	off = value->cmd == ETHTOOL_GSG ? sg_off : tx_off;
	value->data = !off || strcmp(off, ifr->ifr_name);
	return 0;
}

/* The path below the root; its directories are made. */
static const char *below(const char *path)
{
	static char full[PATH_MAX];
	char *slash;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (slash = full + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			abort();
		*slash = '/';
	}
	return full;
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(below(path), "w");

	if (!file || fputs(text, file) < 0 || fclose(file))
		abort();
}

static void put_link(const char *path, const char *target)
{
	if (symlink(target, below(path)))
		abort();
}

static void take(const char *path)
{
	if (unlink(below(path)))
		abort();
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void put_kernel(const char *release)
{
	char path[128], text[128];

	snprintf(text, sizeof(text), "%s\n", release);
	put("/proc/sys/kernel/osrelease", text);
	put("/proc/sys/kernel/arch", "x86_64\n");
	put("/proc/cmdline", "root=/dev/vda ro quiet\n");
	put("/proc/sys/kernel/ftrace_enabled", "1\n");
	put("/proc/sys/net/ipv4/ip_forward", "1\n");
	put("/sys/kernel/btf/vmlinux", "x");
	put("/sys/kernel/debug/kprobes/enabled", "1\n");
	put(FUNCTIONS, "tcp_sendmsg (1)           \tarch_ftrace_ops_list_func+0x0/0x1e0\n");
	put("/dev/kmsg", "6,1,1,-;Linux version\n");
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	put(path, "CONFIG_NET_DEVMEM=y\nCONFIG_NETKIT=y\nCONFIG_KPROBES=y\n"
		  "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS=y\n"
		  "CONFIG_DEBUG_INFO_BTF=y\n# CONFIG_KASAN is not set\n");
}

static void put_nic(const char *driver)
{
	char target[128];

	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	put_link("/sys/class/net/eth0/device/driver", target);
	put_link("/sys/class/net/eth0/device/iommu_group",
		 "../../../../kernel/iommu_groups/7");
	put("/sys/class/net/eth0/operstate", "up\n");
}

/* A host where all is well, with the module loaded. */
static void good_host(void)
{
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	peer_reset();
	tx_off = NULL;
	sg_off = NULL;
	peer.lease_inum = netns_inum(-1);
	put_kernel(RELEASE);
	put_nic("mlx5_core");
	put(MODULE, "x");
	put("/sys/module/netmem_tx/version", "1.2.3\n");
}

/* The same before the module was loaded. */
static void unloaded_host(void)
{
	good_host();
	take("/sys/module/netmem_tx/version");
	if (rmdir(below("/sys/module/netmem_tx")))
		abort();
	peer.no_module = true;
}

/* Keep what was printed for check_schema.py. */
static void keep_sample(const char *text)
{
	const char *path = getenv("NMTX_SAMPLES");
	FILE *file = path && *text && !peer.fuzz ? fopen(path, "a") : NULL;

	if (!file)
		return;
	fprintf(file, "doctor\n%s", text);
	fclose(file);
}

static char *visit(const char *words, int *ret)
{
	char line[PATH_MAX], *argv[16], *word, *save = NULL, *text = NULL;
	struct args args = { .argv = argv };
	size_t len;

	snprintf(line, sizeof(line), "%s root %s", words, root);
	for (word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		argv[args.argc++] = word;
	stdout = open_memstream(&text, &len);
	out_setup(true, false, stdout);
	*ret = do_doctor(&args);
	out_finish();
	fclose(stdout);
	stdout = real_stdout;
	keep_sample(text);
	return text;
}

static unsigned int count(const char *text, const char *word)
{
	unsigned int n = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		n++;
	return n;
}

static void report(bool ok, const char *name, const char *text)
{
	printf("%sok %d - doctor: %s\n", ok ? "" : "not ", ++cases, name);
	failures += !ok;
	if (!ok)
		printf("# %s\n", text);
}

/* Exactly one check finds something missing: @check, in words with @part. */
static void expect(const char *name, const char *words, const char *check,
		   const char *part)
{
	char want[256], *text;
	int ret;

	text = visit(words, &ret);
	snprintf(want, sizeof(want),
		 "{\"check\":\"%s\",\"state\":\"missing\",\"text\":\"%s",
		 check, part);
	/* The other one is the result. */
	report(ret == EXIT_RUNTIME && strstr(text, want) &&
	       count(text, "\"missing\"") == 2, name, text);
	free(text);
}

static void expect_good(const char *name, const char *words, const char *part)
{
	int ret;
	char *text = visit(words, &ret);

	report(ret == EXIT_OK && strstr(text, part) &&
	       !count(text, "\"missing\"") &&
	       strstr(text, "{\"check\":\"result\",\"state\":\"ok\""), name, text);
	free(text);
}

static void test_good(void)
{
	good_host();
	expect_good("all is well", "", "netmem_tx 1.2.3 is loaded");
	expect_good("all is well for one device", "dev nk1 nic eth0",
		    "a route leaves by nk1");
	take("/sys/class/net/eth0/device/iommu_group");
	expect_good("no IOMMU is only a note", "",
		    "eth0 is not behind an IOMMU");
	take("/proc/sys/net/ipv4/ip_forward");
	expect_good("no forwarding is only a note", "",
		    "this host does not forward IP");
	take(CONFIG);
	expect_good("no config is only a note", "",
		    "there is no config of this kernel");
	good_host();
	put_kernel("7.2.12+deb13-amd64");
	peer.no_module = true;
	expect_good("native", "", "does it itself, without netmem_tx");
	good_host();
	put_kernel("6.16.12+deb13-amd64");
	expect_good("6.16 drops forwarded packets", "",
		    "Linux 6.16 drops device memory that IP forwards");
}

static void test_kernel(void)
{
	good_host();
	put_kernel("6.12.48+deb13-amd64");
	expect("kernel too old", "", "kernel",
	       "Linux 6.12.48+deb13-amd64 cannot send device memory at all");
	good_host();
	put("/proc/sys/kernel/osrelease", "what\n");
	expect("kernel without a version", "", "kernel", "the kernel's version");
	good_host();
	put("/proc/sys/kernel/arch", "aarch64\n");
	expect("another machine", "", "kernel", "netmem_tx is for x86-64 only");
	good_host();
	put(CONFIG, "CONFIG_NET_DEVMEM=y\nCONFIG_NETKIT=y\nCONFIG_KPROBES=y\n"
		    "CONFIG_DEBUG_INFO_BTF=y\n");
	expect("an option is off", "", "config",
	       "the kernel was built without CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS");
	good_host();
	take("/sys/kernel/btf/vmlinux");
	expect("no BTF", "", "btf", "the kernel shows no BTF");
	good_host();
	put_kernel("7.2.12+deb13-amd64");
	put("/boot/config-7.2.12+deb13-amd64", "CONFIG_NET_DEVMEM=y\n");
	peer.no_module = true;
	expect("native without netkit", "", "config",
	       "the kernel was built without CONFIG_NETKIT");
}

static void test_module(void)
{
	unloaded_host();
	take(MODULE);
	expect("no module, no headers", "", "module",
	       "netmem_tx is not installed for Linux " RELEASE
	       "\",\"do\":\"install the kernel's headers");
	put_link("/lib/modules/" RELEASE "/build", "/usr/src/linux");
	expect("no module, but headers", "", "module",
	       "netmem_tx is not installed for Linux " RELEASE
	       "\",\"do\":\"install the package");
	put("/lib/modules/" RELEASE "/modules.dep",
	    "kernel/drivers/net/netkit.ko:\nmisc/netmem_tx.ko.gz: kernel/x.ko\n");
	expect("not loaded", "", "module", "netmem_tx is installed, but not loaded");
	put("/dev/kmsg", "6,1,1,-;netmem_tx: unloaded\n"
			 "3,2,2,-;netmem_tx: refused: ftrace is switched off\n"
			 " SUBSYSTEM=x\n6,3,3,-;eth0: link up\n");
	expect("refused", "", "module",
	       "netmem_tx did not load: refused: ftrace is switched off");
	put("/dev/kmsg", "3,2,2,-;netmem_tx: refused: ftrace is switched off\n"
			 "6,3,3,-;netmem_tx: unloaded\n");
	expect("an old refusal does not count", "", "module",
	       "netmem_tx is installed, but not loaded");
	put("/dev/kmsg", "5,1,1,-;Loading of unsigned module is rejected\n");
	expect("not signed", "", "module", "netmem_tx is not signed with a key");
	unloaded_host();
	put("/proc/cmdline", "quiet nmtx=off ro\n");
	expect("switched off", "", "module",
	       "netmem_tx is switched off by nmtx=off");
	put("/proc/cmdline", "quiet modprobe.blacklist=netmem_tx,foo\n");
	expect("on a blacklist", "", "module",
	       "netmem_tx is switched off by modprobe.blacklist=netmem_tx");
	good_host();
	peer.draining = true;
	expect("drained", "", "drain", "netmem_tx takes no new bindings");
}

/* These keep the module from loading: it is named too. */
static void expect_hook(const char *name, const char *check, const char *part)
{
	char want[256], *text;
	int ret;

	text = visit("", &ret);
	snprintf(want, sizeof(want),
		 "{\"check\":\"%s\",\"state\":\"missing\",\"text\":\"%s",
		 check, part);
	report(ret == EXIT_RUNTIME && strstr(text, want) &&
	       strstr(text, "{\"check\":\"module\",\"state\":\"missing\"") &&
	       count(text, "\"missing\"") == 3, name, text);
	free(text);
}

static void test_hooks(void)
{
	int ret;
	char *text;

	unloaded_host();
	put("/proc/sys/kernel/ftrace_enabled", "0\n");
	expect_hook("ftrace off", "ftrace", "ftrace is switched off");
	unloaded_host();
	put("/sys/kernel/debug/kprobes/enabled", "0\n");
	expect_hook("kprobes off", "kprobes", "kprobes are switched off");
	unloaded_host();
	put(FUNCTIONS,
	    "net_devmem_get_binding (1) R I     M \ttramp: 0xffffffffc0400000 (klp_ftrace_handler+0x0/0x1c0) ->klp_ftrace_handler+0x0/0x1c0\n");
	expect_hook("a livepatch of sendmsg's function", "hooks",
		    "net_devmem_get_binding is owned by a livepatch, or a kprobe with a post handler (klp_ftrace_handler)");
	put(FUNCTIONS,
	    "validate_xmit_skb_list (1) R I     M \t->x+0x0/0x1\n"
	    "skb_segment (1) R I     M \ttramp: 0xffffffffc0400000 (a+0x0/0x1) ->kprobe_ftrace_handler+0x0/0x1c0\n");
	expect_hook("a kprobe on the transmit path", "hooks",
		    "skb_segment is owned by a livepatch, or a kprobe with a post handler (kprobe_ftrace_handler)");
	put(FUNCTIONS,
	    "validate_xmit_skb (1) R   D   M \ttramp: ftrace_regs_caller+0x0/0x65 (call_direct_funcs+0x0/0x20)\n\tdirect-->bpf_trampoline_6442536467+0x0/0xf1\n");
	text = visit("", &ret);
	report(strstr(text, "\"state\":\"note\",\"text\":\"validate_xmit_skb has a BPF program") &&
	       count(text, "\"missing\"") == 2,
	       "a BPF program on the transmit path is only a note", text);
	free(text);
}

static void test_net(void)
{
	good_host();
	peer.no_nic = true;
	expect("no NIC that can", "", "nic", "there is no NIC here");
	expect("a NIC that cannot", "nic eth0", "nic",
	       "eth0 (driver mlx5_core) cannot send device memory");
	expect("a NIC that is not there", "nic eth7", "nic",
	       "there is no device eth7");
	good_host();
	put("/sys/class/net/eth0/operstate", "down\n");
	expect("NIC down", "", "nic", "eth0 is down");
	good_host();
	peer.no_lease = true;
	expect_good("no lease yet", "",
		    "no container's device has a lease of a NIC");
	expect("no lease for the device", "dev nk1", "lease",
	       "nk1 has no lease of a NIC\",\"do\":\"nmtx lease add dev nk1 netns CONTAINER nic eth0");
	good_host();
	peer.lease_inum++;
	expect("a lease of another's device", "dev nk1", "lease",
	       "nk1 has no lease of a NIC");
	good_host();
	sg_off = "eth0";
	expect("NIC without sg", "", "features", "eth0 has sg off");
	good_host();
	tx_off = "nk1";
	expect("container's device without tx", "dev nk1", "features",
	       "nk1 has tx off");
	sg_off = "nk1";
	expect("and without sg", "dev nk1", "features",
	       "nk1 has tx and sg off");
	good_host();
	peer.no_route = true;
	expect("no route", "dev nk1", "route", "no route leaves by nk1");
}

static void test_usage(void)
{
	int ret;

	good_host();
	if (!freopen("/dev/null", "w", stderr))
		abort();
	free(visit("x", &ret));
	report(ret == EXIT_USAGE, "a wrong word", "");
	free(visit("netns guest", &ret));
	report(ret == EXIT_USAGE, "netns without dev", "");
	free(visit("dev a/b", &ret));
	report(ret == EXIT_USAGE, "not a device's name", "");
}

static void test_fuzz(void)
{
	unsigned int i;
	int ret;

	good_host();
	for (i = 0; i < 3000; i++) {
		peer.seed = i;
		peer.fuzz = 1 + i % 5;
		free(visit(i & 1 ? "dev nk1" : "", &ret));
	}
	report(true, "survives broken answers", "");
}

int main(void)
{
	real_stdout = stdout;
	if (!mkdtemp(root))
		abort();
	test_good();
	test_kernel();
	test_module();
	test_hooks();
	test_net();
	test_usage();
	test_fuzz();
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	printf("1..%d\n", cases);
	return failures ? 1 : 0;
}
