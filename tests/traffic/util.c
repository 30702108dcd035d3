// SPDX-License-Identifier: GPL-2.0
/* Small things that all traffic tools share; see util.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (err)
		fprintf(stderr, ": %s", strerror(err));
	fprintf(stderr, "\n");
	exit(EX_SETUP);
}

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

const char *errno_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "?";
}

int errno_number(const char *text)
{
	char *end;
	long num = strtol(text, &end, 10);
	int err;

	if (*text && !*end)
		return num;
	for (err = 1; err < 4096; err++) {
		const char *name = strerrorname_np(err);

		if (name && !strcmp(name, text))
			return err;
	}
	errno = 0;
	die("%s is not the name of an errno", text);
}

uint64_t parse_size(const char *text)
{
	char *end;
	uint64_t num;

	errno = 0;
	num = strtoull(text, &end, 0);
	switch (*end) {
	case 'G':
		num <<= 10;
		/* fallthrough */
	case 'M':
		num <<= 10;
		/* fallthrough */
	case 'k':
		num <<= 10;
		end++;
	}
	if (errno || end == text || *end)
		die("%s is not a number", text);
	return num;
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

int64_t deadline_in(uint64_t seconds)
{
	const char *slow = getenv("NETMEM_TX_SLOW");
	uint64_t times = slow ? parse_size(slow) : 1;

	return now_ms() + seconds * 1000 * (times ? times : 1);
}

int left_ms(int64_t deadline)
{
	int64_t left = deadline - now_ms();

	return left > 0 ? left : 0;
}

socklen_t parse_addr(const char *addr, int port, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (void *)ss;
	struct sockaddr_in *sin = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, addr, &sin->sin_addr) == 1) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		return sizeof(*sin);
	}
	if (inet_pton(AF_INET6, addr, &sin6->sin6_addr) == 1) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(port);
		return sizeof(*sin6);
	}
	errno = 0;
	die("%s is not an IPv4 or IPv6 address", addr);
}

/* splitmix64 */
static uint64_t pattern_word(uint64_t seed, uint64_t index)
{
	uint64_t z = (seed << 40) + (index + 1) * 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void pattern_fill(void *buf, size_t len, uint64_t seed, uint64_t pos)
{
	uint8_t *out = buf;

	while (len) {
		uint64_t word = pattern_word(seed, pos / 8);
		size_t off = pos % 8, n = 8 - off;

		if (n > len)
			n = len;
		memcpy(out, (uint8_t *)&word + off, n);
		out += n;
		pos += n;
		len -= n;
	}
}

struct sha256 *sha256_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		die("no SHA-256");
	return (struct sha256 *)ctx;
}

void sha256_add(struct sha256 *sha, const void *data, size_t len)
{
	EVP_DigestUpdate((EVP_MD_CTX *)sha, data, len);
}

void sha256_end(struct sha256 *sha, char hex[65])
{
	unsigned char digest[32];
	int i;

	EVP_DigestFinal_ex((EVP_MD_CTX *)sha, digest, NULL);
	EVP_MD_CTX_free((EVP_MD_CTX *)sha);
	for (i = 0; i < 32; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
}
