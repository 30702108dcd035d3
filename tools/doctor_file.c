// SPDX-License-Identifier: GPL-2.0-only
/* nmtx doctor: files below the root. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

/* As long as a record of /dev/kmsg can be. */
#define CHUNK	8192

static bool make_path(const struct doctor *doctor, char *path, const char *fmt,
		      va_list ap)
{
	int len = snprintf(path, PATH_MAX, "%s", doctor->root);

	if (len < 0 || len >= PATH_MAX)
		return false;
	return vsnprintf(path + len, (size_t)(PATH_MAX - len), fmt, ap) <
	       PATH_MAX - len;
}

/**
 * doctor_exists() - is there a file?
 * @doctor: has the root
 * @fmt: its path
 *
 * Return: true if there is.
 */
bool doctor_exists(const struct doctor *doctor, const char *fmt, ...)
{
	char path[PATH_MAX];
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = make_path(doctor, path, fmt, ap);
	va_end(ap);
	return ok && !faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW);
}

/**
 * doctor_read() - the first line of a small file
 * @doctor: has the root
 * @fmt: its path
 *
 * Return: the line, valid until the next call, or NULL.
 */
const char *doctor_read(const struct doctor *doctor, const char *fmt, ...)
{
	static char line[4096];
	char path[PATH_MAX];
	va_list ap;
	FILE *file;
	bool ok;

	va_start(ap, fmt);
	ok = make_path(doctor, path, fmt, ap);
	va_end(ap);
	file = ok ? fopen(path, "re") : NULL;
	if (!file)
		return NULL;
	ok = fgets(line, sizeof(line), file);
	fclose(file);
	if (!ok)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/**
 * doctor_link() - the last part of what a symbolic link names
 * @doctor: has the root
 * @fmt: its path
 *
 * Return: the name, valid until the next call, or NULL.
 */
const char *doctor_link(const struct doctor *doctor, const char *fmt, ...)
{
	static char target[PATH_MAX];
	char path[PATH_MAX];
	const char *slash;
	va_list ap;
	ssize_t len;
	bool ok;

	va_start(ap, fmt);
	ok = make_path(doctor, path, fmt, ap);
	va_end(ap);
	len = ok ? readlink(path, target, sizeof(target) - 1) : -1;
	if (len <= 0)
		return NULL;
	target[len] = '\0';
	slash = strrchr(target, '/');
	return slash ? slash + 1 : target;
}

static int each_line(char *text, doctor_line_cb cb, void *arg)
{
	char *line, *save = NULL;
	int ret;

	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		ret = cb(line, arg);
		if (ret)
			return ret;
	}
	return 0;
}

/* Move the unfinished line behind the last newline to the front. */
static size_t keep_rest(char *text, size_t len, char *rest)
{
	size_t left = (size_t)(text + len - rest);

	memmove(text, rest, left);
	return left == CHUNK ? 0 : left;
}

/**
 * doctor_lines() - read a file line by line
 * @doctor: has the root
 * @path: its path
 * @cb: called for each line
 * @arg: for @cb
 *
 * Never blocks: /dev/kmsg ends where the log ends now.
 *
 * Return: what @cb returned last, or -errno if the file cannot be read.
 */
int doctor_lines(const struct doctor *doctor, const char *path,
		 doctor_line_cb cb, void *arg)
{
	char full[PATH_MAX], text[CHUNK + 1], *end;
	size_t len = 0;
	ssize_t got;
	int fd, ret = 0;

	snprintf(full, sizeof(full), "%s%s", doctor->root, path);
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	for (;;) {
		got = read(fd, text + len, CHUNK - len);
		if (got < 0 && errno == EPIPE)
			continue; /* /dev/kmsg: records were overwritten */
		if (got <= 0)
			break;
		len += (size_t)got;
		end = memrchr(text, '\n', len);
		if (!end)
			end = text + len - 1;
		got = end + 1 - text;
		*end = '\0';
		ret = each_line(text, cb, arg);
		if (ret)
			break;
		len = keep_rest(text, len, text + got);
	}
	text[len] = '\0';
	if (!ret && len)
		ret = each_line(text, cb, arg);
	close(fd);
	return ret;
}
