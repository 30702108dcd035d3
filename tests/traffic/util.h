/* SPDX-License-Identifier: GPL-2.0 */
/* Small things that all traffic tools share. */
#ifndef TRAFFIC_UTIL_H
#define TRAFFIC_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Exit codes of devmem_send; the other tools use the first two and EX_TIME. */
enum {
	EX_GOOD,	/* all went well, or failed as --expect-errno says */
	EX_SETUP,	/* usage, no udmabuf, no memory: nothing was tried */
	EX_BIND,	/* bind-tx or bind-rx was refused */
	EX_CONNECT,	/* no connection */
	EX_SEND,	/* sendmsg failed, or made no progress in time */
	EX_TIME,	/* completions, or data, missing after the time limit */
	EX_EXPECT,	/* not the errno or text that was expected */
	EX_BYTES,	/* wrong bytes, or not all of them */
};

/**
 * die - print one line to stderr and exit with EX_SETUP
 * @fmt: as printf; errno is added when it is not 0
 */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* printf to stdout, flushed at once: tests wait for lines. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "ENODEV" for 19. */
const char *errno_name(int err);

/* 19 for "ENODEV" or "19"; dies on anything else. */
int errno_number(const char *text);

/* A number, with k, M or G for powers of 1024; dies on anything else. */
uint64_t parse_size(const char *text);

/* Milliseconds of a clock that only goes forward. */
int64_t now_ms(void);

/* When @seconds are over; on a machine that NETMEM_TX_SLOW=N calls N times
 * slower, N times as long.
 */
int64_t deadline_in(uint64_t seconds);

/* Milliseconds left until @deadline, never below 0: for poll(). */
int left_ms(int64_t deadline);

/* Address and port as sockaddr; numeric only; dies on a bad one. */
socklen_t parse_addr(const char *addr, int port, struct sockaddr_storage *ss);

/**
 * pattern_fill - the bytes that tests send
 * @buf: where to
 * @len: how many
 * @seed: one stream of bytes for each seed
 * @pos: position in that stream of the first byte
 *
 * A byte depends on seed and position alone, no page looks like another.
 */
void pattern_fill(void *buf, size_t len, uint64_t seed, uint64_t pos);

struct sha256;

struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha, const void *data, size_t len);

/* The digest as hex text; @sha is freed. */
void sha256_end(struct sha256 *sha, char hex[65]);

#endif
