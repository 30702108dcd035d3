// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text and JSON output. A record is one line of text, "key value key value",
 * or one JSON object; a call names key and value once for both. In text a
 * '_' of the key is shown as '-'.
 */
#include <stdarg.h>
#include <string.h>

#include "out.h"

static struct {
	FILE *file;
	bool json;
	bool pretty;
	bool array;	/* inside the JSON array */
	bool opened;	/* its bracket is printed */
	bool lines;	/* text: one line for each key */
	bool first;	/* no key of this record printed yet */
} out;

/**
 * out_setup() - say how to print
 * @json: JSON, not text
 * @pretty: JSON over many lines
 * @file: where to
 */
void out_setup(bool json, bool pretty, FILE *file)
{
	memset(&out, 0, sizeof(out));
	out.file = file;
	out.json = json;
	out.pretty = pretty;
}

bool out_is_json(void)
{
	return out.json;
}

/**
 * out_finish() - hand everything to the reader
 *
 * Return: EXIT_OK, or EXIT_RUNTIME if the output was lost (disk full).
 */
int out_finish(void)
{
	if (fflush(out.file) || ferror(out.file))
		return fail("write error");
	return EXIT_OK;
}

/* Length of the UTF-8 sequence at @s, 0 if it is not one. */
static size_t utf8_len(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead, low;
		size_t len;
	} forms[] = {
		{ 0xe0, 0xc0, 0x02, 2 },
		{ 0xf0, 0xe0, 0x00, 3 },
		{ 0xf8, 0xf0, 0x00, 4 },
	};
	size_t f, i;

	for (f = 0; f < ARRAY_SIZE(forms); f++) {
		if ((s[0] & forms[f].mask) != forms[f].lead)
			continue;
		for (i = 1; i < forms[f].len; i++)
			if ((s[i] & 0xc0) != 0x80)
				return 0;
		/* Overlong forms, surrogates, beyond U+10FFFF. */
		if (s[0] < 0xc2 || s[0] > 0xf4 ||
		    (s[0] == 0xe0 && s[1] < 0xa0) ||
		    (s[0] == 0xed && s[1] > 0x9f) ||
		    (s[0] == 0xf0 && s[1] < 0x90) ||
		    (s[0] == 0xf4 && s[1] > 0x8f))
			return 0;
		return forms[f].len;
	}
	return 0;
}

static void put_json_string(const char *value)
{
	const unsigned char *s = (const unsigned char *)value;
	size_t len;

	fputc('"', out.file);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\') {
			fprintf(out.file, "\\%c", *s);
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out.file, "\\u%04x", *s);
		} else if (*s < 0x80) {
			fputc(*s, out.file);
		} else {
			len = utf8_len(s);
			if (!len) {
				fputs("\\ufffd", out.file);
				continue;
			}
			fwrite(s, 1, len, out.file);
			s += len - 1;
		}
	}
	fputc('"', out.file);
}

/* A device's name may hold escape sequences: never send them to a terminal. */
static void put_text_string(const char *value, FILE *file)
{
	const unsigned char *s = (const unsigned char *)value;

	for (; *s; s++)
		fputc(*s < 0x20 || *s == 0x7f ? '?' : *s, file);
}

static void put_indent(int depth)
{
	if (!out.pretty)
		return;
	fputc('\n', out.file);
	while (depth-- > 0)
		fputs("    ", out.file);
}

/* The bracket waits for the first record: a failure prints no JSON. */
void out_array_begin(void)
{
	out.array = true;
	out.opened = false;
}

static void open_array(void)
{
	if (!out.opened)
		fputc('[', out.file);
	else
		fputc(',', out.file);
	out.opened = true;
	put_indent(1);
}

/**
 * out_array_end() - end the list
 * @ok: false: it failed; then an empty list is not printed
 */
void out_array_end(bool ok)
{
	out.array = false;
	if (!out.json)
		return;
	if (out.opened)
		put_indent(0);
	else if (ok)
		fputc('[', out.file);
	if (out.opened || ok)
		fputs("]\n", out.file);
}

void out_record_begin(void)
{
	out.first = true;
	if (!out.json)
		return;
	if (out.array)
		open_array();
	fputc('{', out.file);
}

void out_record_end(void)
{
	if (out.json) {
		if (!out.first)
			put_indent(out.array);
		fputc('}', out.file);
	}
	if (out.json ? !out.array : !out.first)
		fputc('\n', out.file);
}

/* For a reader at the other end of a pipe: nmtx monitor. */
void out_flush_record(void)
{
	fflush(out.file);
}

/**
 * out_lines() - text: one line for each key from now on
 * @on: yes or no
 */
void out_lines(bool on)
{
	out.lines = on;
}

static void put_json_key(const char *key)
{
	if (!out.first)
		fputc(',', out.file);
	put_indent(1 + out.array);
	fprintf(out.file, "\"%s\":%s", key, out.pretty ? " " : "");
	out.first = false;
}

static void put_space(void)
{
	if (!out.first)
		fputc(out.lines ? '\n' : ' ', out.file);
	out.first = false;
}

static void put_text_key(const char *key)
{
	put_space();
	for (; *key; key++)
		fputc(*key == '_' ? '-' : *key, out.file);
	fputc(' ', out.file);
}

void out_json_str(const char *key, const char *value)
{
	if (!out.json)
		return;
	put_json_key(key);
	put_json_string(value);
}

void out_json_uint(const char *key, uint64_t value)
{
	if (!out.json)
		return;
	put_json_key(key);
	fprintf(out.file, "%llu", (unsigned long long)value);
}

void out_json_bool(const char *key, bool value)
{
	if (!out.json)
		return;
	put_json_key(key);
	fputs(value ? "true" : "false", out.file);
}

/* Text only: a word without a key. */
void out_text(const char *text)
{
	if (out.json)
		return;
	put_space();
	put_text_string(text, out.file);
}

/* Text: "value:" at the start of a line. */
void out_title(const char *key, const char *value)
{
	out_json_str(key, value);
	if (out.json)
		return;
	put_space();
	put_text_string(value, out.file);
	fputc(':', out.file);
}

/* Text: only the value. */
void out_word(const char *key, const char *value)
{
	out_json_str(key, value);
	out_text(value);
}

void out_str(const char *key, const char *value)
{
	out_json_str(key, value);
	if (out.json)
		return;
	put_text_key(key);
	put_text_string(value, out.file);
}

void out_uint(const char *key, uint64_t value)
{
	out_json_uint(key, value);
	if (out.json)
		return;
	put_text_key(key);
	fprintf(out.file, "%llu", (unsigned long long)value);
}

void out_bool(const char *key, bool value)
{
	out_json_bool(key, value);
	if (out.json)
		return;
	put_text_key(key);
	fputs(value ? "yes" : "no", out.file);
}

static void complain(const char *prefix, const char *fmt, va_list ap)
{
	char text[512];

	fflush(out.file ? out.file : stdout);
	vsnprintf(text, sizeof(text), fmt, ap);
	fprintf(stderr, "nmtx: %s", prefix);
	put_text_string(text, stderr);
	fputc('\n', stderr);
}

/**
 * fail() - one line on stderr
 * @fmt: what went wrong
 *
 * Return: EXIT_RUNTIME, for the caller to return.
 */
int fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain("", fmt, ap);
	va_end(ap);
	return EXIT_RUNTIME;
}

/**
 * warn_user() - one line on stderr, and go on
 * @fmt: what the user should know
 */
void warn_user(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain("warning: ", fmt, ap);
	va_end(ap);
}
