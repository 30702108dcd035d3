// SPDX-License-Identifier: GPL-2.0-only
/*
 * nmtx against a peer in the place of the kernel: what it sends, what it
 * prints, and that no answer, however broken, breaks it. TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "native.h"
#include "nmtx.h"
#include "peer.h"

#define WORDS_MAX	16

/* What the peer's messages look like in JSON, without the braces. */
#define LEASE_JSON \
	"\"dev\":\"nk1\",\"ifindex\":4,\"netns_inum\":5," \
	"\"nic\":\"eth0\",\"nic_ifindex\":2"
#define HIDDEN_JSON \
	"\"ifindex\":4,\"netns_inum\":5,\"native\":false"
#define BINDING_JSON \
	"\"id\":9,\"state\":\"revoked\",\"ifindex\":4,\"netns_inum\":5," \
	"\"uid\":1000,\"pid\":77,\"size\":18446744073709551615"
#define STATS_JSON \
	"{\"bind\":20,\"bind_refused\":30,\"send_refused\":40," \
	"\"pass\":50,\"drop_mixed\":60,\"drop_owner\":70," \
	"\"drop_checksum\":80,\"drop_linearize\":90,\"drop_gso\":100," \
	"\"drop_crypto\":110}"

static int cases, failures;
static FILE *real_stdout, *real_stderr;

/* What one run printed. */
static char *text, *errors;
static size_t text_len, errors_len;

static void check(bool ok, const char *name)
{
	fprintf(real_stdout, "%sok %d - nmtx: %s\n", ok ? "" : "not ",
		++cases, name);
	failures += !ok;
}

static void skip(const char *name, const char *why)
{
	fprintf(real_stdout, "ok %d - nmtx: %s # SKIP %s\n", ++cases, name,
		why);
}

static int run_words(struct args *args)
{
	static const struct command objects[] = {
		{ "dev", do_dev },	   { "lease", do_lease },
		{ "binding", do_binding }, { "stats", do_stats },
		{ "status", do_status },   { "drain", do_drain },
		{ "monitor", do_monitor }, { NULL, NULL },
	};

	return run_command(objects, args, "");
}

/* Keep what was printed in JSON for check_schema.py, a line each. */
static void keep_sample(const char *line)
{
	const char *path = getenv("NMTX_SAMPLES");
	FILE *file = path && !peer.fuzz && !peer.odd && text_len ?
			     fopen(path, "a") : NULL;
	char *word, *save = NULL, *copy;

	if (!file)
		return;
	copy = strdup(text);
	for (word = strtok_r(copy, "\n", &save); word;
	     word = strtok_r(NULL, "\n", &save))
		fprintf(file, "%s\n%s\n", line, word);
	free(copy);
	fclose(file);
}

/* Run "OBJECT COMMAND ...", in JSON if the line starts with '{'. */
static int run(const char *line)
{
	char *words[WORDS_MAX], *copy, *save = NULL, *word;
	struct args args = { .argv = words };
	bool json = *line == '{';
	int ret;

	free(text);
	free(errors);
	stdout = open_memstream(&text, &text_len);
	stderr = open_memstream(&errors, &errors_len);
	copy = strdup(line + json);
	if (!stdout || !stderr || !copy)
		abort();
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		words[args.argc++] = word;
	out_setup(json, false, stdout);
	ret = run_words(&args);
	if (out_finish())
		ret = EXIT_RUNTIME;
	fclose(stdout);
	fclose(stderr);
	stdout = real_stdout;
	stderr = real_stderr;
	free(copy);
	if (json)
		keep_sample(line + 1);
	return ret;
}

static void explain(const char *want, const char *got)
{
	fprintf(real_stdout, "# want: %s\n# got:  %s\n", want, got);
}

/* Run @line; want @code, @out on stdout, and on stderr nothing. */
static void expect(const char *line, const char *out)
{
	int ret = run(line);
	bool ok = !ret && !strcmp(text, out) && !*errors;

	check(ok, line);
	if (!ok) {
		explain(out, text);
		explain("no error", errors);
	}
}

/* Run @line; want @code, nothing on stdout, and @err on stderr. */
static void expect_error(const char *line, int code, const char *err)
{
	int ret = run(line);
	bool ok = ret == code && !*text &&
		  !strncmp(errors, err, strlen(err));

	check(ok, line);
	if (!ok) {
		explain("no output", text);
		explain(err, errors);
	}
}

static void test_lists(void)
{
	peer_reset();
	expect("dev", "lo: mode none source none\n"
		      "eth0: mode dma source driver\n"
		      "nk0: mode no-dma source netkit\n");
	expect("{dev show lo",
	       "[{\"dev\":\"lo\",\"ifindex\":1,\"mode\":\"none\",\"source\":\"none\"}]\n");
	expect("binding show",
	       "id 9 state revoked ifindex 4 netns-inum 5 uid 1000 pid 77 size 18446744073709551615\n");
	expect("{binding",
	       "[{" BINDING_JSON "}]\n");
	expect("lease",
	       "dev nk1 netns-inum 5 nic eth0\nifindex 4 netns-inum 5\n");
	expect("{lease list",
	       "[{" LEASE_JSON ",\"native\":false},{" HIDDEN_JSON "}]\n");
	peer.empty = true;
	expect("{dev", "[]\n");
	expect("dev", "");
	expect("{binding", "[]\n");
	peer_reset();
	peer.odd = true;
	expect("dev", "lo: mode none source none\n"
		      "eth0: mode dma source driver\n"
		      "?[2Jn\"\xc3\xa4\xff: mode 7 source 9\n");
	run("{dev");
	check(!!strstr(text, "\"\\u001b[2Jn\\\"\xc3\xa4\\ufffd\""),
	      "odd name in JSON");
}

static void test_single(void)
{
	peer_reset();
	expect("status", "version 1.2.3\nnative-leases no\nhook auto\n"
			 "attached yes\nbackend ipmodify\n"
			 "max-bindings 4096\n");
	peer.empty = true;
	expect("{status show",
	       "{\"version\":\"1.2.3\",\"native_leases\":false,\"hook\":\"auto\",\"attached\":false,\"max_bindings\":4096}\n");
	expect("{stats", STATS_JSON "\n");
	expect("drain", "draining yes revoked 3\n");
	expect("{drain off", "{\"draining\":false,\"revoked\":3}\n");
}

static void test_errors(void)
{
	peer_reset();
	peer.no_module = true;
	peer.no_leases = true;
	expect_error("{dev", 1, "nmtx: module netmem_tx is not loaded\n");
	expect_error("lease", 1, "nmtx: module netmem_tx is not loaded\n");
	expect_error("lease add dev nk1 nic eth0", 1,
		     "nmtx: module netmem_tx is not loaded\n");
	peer_reset();
	peer.error = EPERM;
	expect_error("drain", 1, "nmtx: drain: Operation not permitted\n");
	peer.extack = "No way";
	expect_error("{dev", 1,
		     "nmtx: dev show: Operation not permitted: No way\n");
	expect_error("drain on", 1,
		     "nmtx: drain: Operation not permitted: No way\n");
	peer.capped = true;
	expect_error("drain off", 1,
		     "nmtx: drain: Operation not permitted: No way\n");
	peer.extack = "two\nlines";
	expect_error("drain", 1,
		     "nmtx: drain: Operation not permitted: two?lines\n");
	peer_reset();
	peer.interrupts = 3;
	expect("lease",
	       "dev nk1 netns-inum 5 nic eth0\nifindex 4 netns-inum 5\n");
	peer.interrupts = 1000;
	expect_error("{lease", 1,
		     "nmtx: lease show: Interrupted system call: the list changes all the time\n");
}

static void test_usage(void)
{
	static const char *const lines[] = {
		"x", "s", "d", "lease x", "lease add", "lease add dev a",
		"lease add dev a nic", "lease add dev a dev b nic c",
		"lease add n a", "lease del dev a queue 1",
		"lease add dev a nic b queue -1",
		"lease add dev a nic b queue 0x1",
		"lease add dev a nic b queue 4294967296",
		"lease show x", "dev show a b", "drain o", "stats x",
		"monitor x",
	};
	size_t i;

	peer_reset();
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		expect_error(lines[i], EXIT_USAGE, "nmtx: ");
	expect_error("dev show toolongforaname1", 1,
		     "nmtx: \"toolongforaname1\" is not a device name\n");
}

static const struct nlattr *sent_attr(const struct nlattr *nest,
				      unsigned int type)
{
	const struct nlmsghdr *nlh = (const void *)peer.sent;
	const struct nlattr *attr;

	if (nest) {
		mnl_attr_for_each_nested(attr, nest)
			if (mnl_attr_get_type(attr) == type)
				return attr;
		return NULL;
	}
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static bool sent_u32(const struct nlattr *nest, unsigned int type,
		     uint32_t value)
{
	const struct nlattr *attr = sent_attr(nest, type);

	return attr && mnl_attr_get_payload_len(attr) == 4 &&
	       mnl_attr_get_u32(attr) == value;
}

static int sent_cmd(void)
{
	return genl_cmd((const void *)peer.sent);
}

static void test_own_lease(void)
{
	peer_reset();
	expect("lease add dev nk1 nic eth0", "");
	check(sent_cmd() == NETMEM_TX_CMD_LEASE_ADD &&
	      sent_u32(NULL, NETMEM_TX_A_LEASE_VDEV_IFINDEX, 4) &&
	      sent_u32(NULL, NETMEM_TX_A_LEASE_NIC_IFINDEX, 2) &&
	      !sent_attr(NULL, NETMEM_TX_A_LEASE_VDEV_NETNS_FD),
	      "lease-add has both devices");
	expect("{lease del d nk1",
	       "{\"dev\":\"nk1\",\"ifindex\":4,\"native\":false}\n");
	check(sent_cmd() == NETMEM_TX_CMD_LEASE_DEL &&
	      sent_u32(NULL, NETMEM_TX_A_LEASE_VDEV_IFINDEX, 4) &&
	      !sent_attr(NULL, NETMEM_TX_A_LEASE_NIC_IFINDEX),
	      "lease-del has the device");
	expect_error("lease add dev nk7 nic eth0", 1,
		     "nmtx: cannot find device \"nk7\"\n");
	expect_error("lease add dev nk1 nic eth0 queue 1", 1,
		     "nmtx: \"queue\" needs a kernel");
	expect_error("lease add dev nk1 nic eth0 netns /dev/null", 1,
		     "nmtx: \"/dev/null\" is not a network namespace\n");
	expect_error("lease add dev nk1 nic eth0 netns ..", 1,
		     "nmtx: cannot open network namespace \"..\": ");
}

static bool sent_create(uint32_t queue)
{
	const struct nlattr *lease = sent_attr(NULL, NATIVE_A_QUEUE_LEASE);

	return sent_cmd() == NATIVE_CMD_QUEUE_CREATE && lease &&
	       sent_u32(NULL, NATIVE_A_QUEUE_IFINDEX, 4) &&
	       sent_u32(NULL, NATIVE_A_QUEUE_TYPE, 0) &&
	       sent_u32(lease, NATIVE_A_LEASE_IFINDEX, 2) &&
	       sent_u32(sent_attr(lease, NATIVE_A_LEASE_QUEUE),
			NATIVE_A_QUEUE_ID, queue);
}

static bool sent_netns_id(void)
{
	return sent_attr(sent_attr(NULL, NATIVE_A_QUEUE_LEASE),
			 NATIVE_A_LEASE_NETNS_ID);
}

static void test_native_lease(void)
{
	peer_reset();
	peer.no_module = true;
	expect("lease add dev nk1 nic eth0", "");
	check(sent_create(3) && !sent_netns_id(), "queue-create, last queue");
	peer.busy_above = 1;
	expect("{lease add dev nk1 nic eth0",
	       "{\"dev\":\"nk1\",\"ifindex\":4,\"queue\":1,\"nic\":\"eth0\",\"nic_ifindex\":2,\"nic_queue\":1,\"native\":true}\n");
	expect_error("lease add dev nk1 nic eth0 queue 2", 1,
		     "nmtx: lease add dev nk1 nic eth0 queue 2: Device or resource busy: Device queue in use");
	expect("lease add dev nk1 nic eth0 queue 0", "");
	check(sent_create(0), "queue-create, queue 0");
	expect("lease show", "dev nk1 queue 1 nic eth0 nic-queue 3 native\n");
	peer.nsid = 6;
	expect("{lease show",
	       "[{\"dev\":\"nk1\",\"ifindex\":4,\"netns_id\":6,\"queue\":1,\"nic\":\"eth0\",\"nic_ifindex\":2,\"nic_queue\":3,\"native\":true}]\n");
	expect_error("lease del dev nk1", 1,
		     "nmtx: a lease of this kernel ends with its device: ");
	peer_reset();
	peer.native = true;
	expect("lease add dev nk1 nic eth0", "");
	check(sent_create(3), "with the module it is the same");
	expect("lease", "dev nk1 netns-inum 5 nic eth0 native\n"
			"ifindex 4 netns-inum 5 native\n");
}

/* A process in another network namespace, or -1. */
static pid_t other_netns(void)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (access("/proc/self/ns/net", R_OK) || pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		byte = !unshare(CLONE_NEWNET);
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	if (pid > 0 && (read(ready[0], &byte, 1) != 1 || !byte)) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(ready[0]);
	return pid;
}

static void test_netns(void)
{
	pid_t pid = other_netns();
	char line[80];

	if (pid < 0) {
		skip("lease in another netns", "cannot make one");
		return;
	}
	peer_reset();
	peer.no_module = true;
	snprintf(line, sizeof(line), "lease add netns %d dev nk1 nic eth0",
		 pid);
	check(!run(line) && sent_create(3) &&
	      sent_u32(sent_attr(NULL, NATIVE_A_QUEUE_LEASE),
		       NATIVE_A_LEASE_NETNS_ID, 11),
	      "queue-create names our netns, which got an id");
	peer_reset();
	check(!run(line) && sent_cmd() == NETMEM_TX_CMD_LEASE_ADD &&
	      sent_attr(NULL, NETMEM_TX_A_LEASE_VDEV_NETNS_FD),
	      "lease-add has the netns");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_monitor(void)
{
	int ret;

	peer_reset();
	peer.drops = 2;
	ret = run("{monitor");
	check(ret == EXIT_RUNTIME &&
	      !strcmp(text,
		      "{\"event\":\"drop\",\"reason\":\"gso\",\"count\":4}\n"
		      "{\"event\":\"lease-add\"," LEASE_JSON ",\"native\":false}\n"
		      "{\"event\":\"binding-del\"," BINDING_JSON "}\n") &&
	      !strcmp(errors, "nmtx: module netmem_tx was unloaded\n"),
	      "monitor prints events, ends with the module");
	peer_reset();
	run("monitor");
	check(!strncmp(text, "lease add dev nk1 netns-inum 5 nic eth0\nbinding del id 9 ", 57),
	      "monitor prints text");
}

static void test_fuzz(unsigned int rounds)
{
	static const char *const lines[] = {
		"dev", "{dev", "{lease", "{binding", "{stats", "{status",
		"drain", "lease add dev nk1 nic eth0", "{monitor",
	};
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		peer_reset();
		peer.seed = i;
		peer.odd = i & 1;
		peer.native = i & 2;
		peer.no_module = i & 4;
		peer.nsid = (int32_t)(i & 8) - 1;
		peer.error = i & 16 ? EINVAL : 0;
		peer.extack = i & 32 ? "text" : NULL;
		peer.fuzz = 1 + i % 5;
		run(lines[i % (ARRAY_SIZE(lines))]);
	}
	check(true, "survives broken answers");
}

int main(int argc, char **argv)
{
	real_stdout = stdout;
	real_stderr = stderr;
	test_lists();
	test_single();
	test_errors();
	test_usage();
	test_own_lease();
	test_native_lease();
	test_netns();
	test_monitor();
	test_fuzz(argc > 1 ? (unsigned int)atoi(argv[1]) : 20000);
	printf("1..%d\n", cases);
	free(text);
	free(errors);
	return failures ? 1 : 0;
}
