// SPDX-License-Identifier: GPL-2.0-only
/* nmtx doctor: is the module there, is it loaded, and if not, why not? */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

#define PREFIX	"netmem_tx: "

/* What the kernel log says of the module; the last word counts. */
struct words {
	char refusal[DOCTOR_TEXT];
	bool unsigned_module;
};

static int log_line(char *line, void *arg)
{
	struct words *words = arg;
	char *text = strchr(line, ';');

	text = text ? text + 1 : line;
	if (strstr(text, "Loading of unsigned module is rejected") ||
	    strstr(text, "Loading of module with unavailable key is rejected") ||
	    strstr(text, "unsigned module loading is restricted"))
		words->unsigned_module = true;
	if (strncmp(text, PREFIX, strlen(PREFIX)))
		return 0;
	text += strlen(PREFIX);
	words->unsigned_module = false;
	words->refusal[0] = '\0';
	if (!strncmp(text, "refused: ", 9) || !strncmp(text, "not ", 4))
		snprintf(words->refusal, sizeof(words->refusal), "%s", text);
	return 0;
}

static int modules_dep_line(char *line, void *arg)
{
	char *colon = strchr(line, ':');

	(void)arg;
	if (!colon)
		return 0;
	*colon = '\0';
	return strstr(line, "/netmem_tx.ko") ? 1 : 0;
}

static bool installed(const struct doctor *doctor)
{
	static const char *const suffixes[] = { "", ".xz", ".zst", ".gz" };
	static const char *const dirs[] = { "updates/dkms", "updates", "extra" };
	char path[256];
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		for (j = 0; j < ARRAY_SIZE(suffixes); j++)
			if (doctor_exists(doctor,
					  "/lib/modules/%s/%s/netmem_tx.ko%s",
					  doctor->release, dirs[i], suffixes[j]))
				return true;
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep",
		 doctor->release);
	return doctor_lines(doctor, path, modules_dep_line, NULL) == 1;
}

/* Is @word one of the words of the kernel command line? */
static bool on_cmdline(const struct doctor *doctor, const char *word)
{
	const char *line = doctor_read(doctor, "/proc/cmdline");
	size_t len = strlen(word);

	for (; line && *line; line += strcspn(line, " ")) {
		line += strspn(line, " ");
		if (!strncmp(line, word, len) &&
		    (line[len] == ' ' || line[len] == ',' || !line[len]))
			return true;
	}
	return false;
}

static const char *switched_off(const struct doctor *doctor)
{
	static const char *const words[] = {
		"nmtx=off", "modprobe.blacklist=netmem_tx",
		"module_blacklist=netmem_tx",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (on_cmdline(doctor, words[i]))
			return words[i];
	return NULL;
}

static void not_installed(struct doctor *doctor)
{
	char remedy[DOCTOR_TEXT];

	if (doctor_exists(doctor, "/lib/modules/%s/build", doctor->release))
		snprintf(remedy, sizeof(remedy),
			 "install the package netmem-tx-dkms, or dkms autoinstall -k %s",
			 doctor->release);
	else
		snprintf(remedy, sizeof(remedy),
			 "install the kernel's headers (linux-headers-%s), then dkms autoinstall -k %s",
			 doctor->release, doctor->release);
	doctor_say(doctor, DOCTOR_MISSING, "module", remedy,
		   "netmem_tx is not installed for Linux %s", doctor->release);
}

static void not_loaded(struct doctor *doctor)
{
	const char *word = switched_off(doctor);
	struct words words = { .unsigned_module = false };

	doctor_lines(doctor, "/dev/kmsg", log_line, &words);
	if (word)
		doctor_say(doctor, DOCTOR_MISSING, "module",
			   "boot without it, or modprobe netmem_tx",
			   "netmem_tx is switched off by %s on the kernel command line",
			   word);
	else if (words.unsigned_module)
		doctor_say(doctor, DOCTOR_MISSING, "module",
			   "mokutil --import /var/lib/dkms/mok.pub, then reboot",
			   "netmem_tx is not signed with a key that this host trusts (Secure Boot)");
	else if (*words.refusal)
		doctor_say(doctor, DOCTOR_MISSING, "module",
			   "see \"When it does not load\" of README.md",
			   "netmem_tx did not load: %s", words.refusal);
	else
		doctor_say(doctor, DOCTOR_MISSING, "module",
			   "modprobe netmem_tx",
			   "netmem_tx is installed, but not loaded");
}

static int draining_cb(const struct nlmsghdr *nlh, void *arg)
{
	static const uint8_t types[NETMEM_TX_A_STATUS_DRAINING + 1] = {
		[NETMEM_TX_A_STATUS_DRAINING] = MNL_TYPE_U32,
	};
	const struct nlattr *tb[NETMEM_TX_A_STATUS_DRAINING + 1];

	if (genl_attrs(nlh, types, tb, NETMEM_TX_A_STATUS_DRAINING))
		return -EBADMSG;
	if (tb[NETMEM_TX_A_STATUS_DRAINING])
		*(bool *)arg =
			mnl_attr_get_u32(tb[NETMEM_TX_A_STATUS_DRAINING]);
	return 0;
}

static void check_draining(struct doctor *doctor, struct tx *tx)
{
	bool draining = false;
	struct nl_req req;

	genl_put_header(&req, &tx->family, NETMEM_TX_CMD_STATUS_GET);
	if (!nl_do(&tx->nl, &req, draining_cb, &draining) && draining)
		doctor_say(doctor, DOCTOR_MISSING, "drain", "nmtx drain off",
			   "netmem_tx takes no new bindings: it was drained");
}

static void is_loaded(struct doctor *doctor)
{
	const char *version = doctor_read(doctor, "/sys/module/netmem_tx/version");
	struct tx tx;

	doctor_say(doctor, DOCTOR_OK, "module", NULL,
		   "netmem_tx %s is loaded", version ? version : "");
	if (!tx_find(&tx))
		check_draining(doctor, &tx);
	else
		doctor_say(doctor, DOCTOR_NOTE, "control", NULL,
			   "netmem_tx does not answer: another network namespace, or another host");
	tx_close(&tx);
}

/**
 * doctor_module() - look for the module
 * @doctor: gets whether it is loaded
 */
void doctor_module(struct doctor *doctor)
{
	if (doctor->native)
		return;
	doctor->loaded = doctor_exists(doctor, "/sys/module/netmem_tx");
	if (doctor->loaded)
		is_loaded(doctor);
	else if (installed(doctor))
		not_loaded(doctor);
	else
		not_installed(doctor);
}
