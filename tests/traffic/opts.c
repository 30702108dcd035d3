// SPDX-License-Identifier: GPL-2.0
/* Command lines of the traffic tools; see opts.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "opts.h"
#include "util.h"

void opts_help(const char *help)
{
	fputs(help, stderr);
	exit(EX_SETUP);
}

static const struct opt_def *find(const struct opt_def *defs, const char *arg)
{
	if (strncmp(arg, "--", 2))
		return NULL;
	for (; defs->name; defs++)
		if (!strcmp(arg + 2, defs->name))
			return defs;
	return NULL;
}

static bool takes_value(const struct opt_def *def)
{
	return !def->on && !def->off;
}

static void store(const struct opt_def *def, const char *value)
{
	if (def->on)
		*def->on = true;
	else if (def->off)
		*def->off = false;
	else if (def->num)
		*def->num = parse_size(value);
	else if (def->text)
		*def->text = value;
	else
		def->call(value);
}

int opts_parse(int argc, char **argv, const struct opt_def *defs,
	       const char *help)
{
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		const struct opt_def *def = find(defs, argv[i]);

		if (!def || (takes_value(def) && i + 1 == argc))
			opts_help(help);
		store(def, takes_value(def) ? argv[++i] : NULL);
	}
	return i;
}
