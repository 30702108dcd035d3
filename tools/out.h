/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What nmtx prints: text in the manner of iproute2, or JSON.
 *
 * The JSON writer is our own. We only write, never read, and need objects,
 * arrays, strings, booleans and unsigned numbers; counters are full u64,
 * which jansson and json-c only hold as signed. It is also one dependency
 * less on a router.
 */
#ifndef NMTX_OUT_H
#define NMTX_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "macros.h"

enum {
	EXIT_OK,
	EXIT_RUNTIME,
	EXIT_USAGE,
};

void out_setup(bool json, bool pretty, FILE *file);
bool out_is_json(void);
int out_finish(void);

void out_array_begin(void);
void out_array_end(bool ok);
void out_record_begin(void);
void out_record_end(void);
void out_flush_record(void);

void out_title(const char *key, const char *value);
void out_word(const char *key, const char *value);
void out_str(const char *key, const char *value);
void out_uint(const char *key, uint64_t value);
void out_bool(const char *key, bool value);
void out_json_str(const char *key, const char *value);
void out_json_uint(const char *key, uint64_t value);
void out_json_bool(const char *key, bool value);
void out_text(const char *text);
void out_lines(bool on);

__printf(1, 2) int fail(const char *fmt, ...);
__printf(1, 2) void warn_user(const char *fmt, ...);

#endif /* NMTX_OUT_H */
