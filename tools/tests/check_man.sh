#!/bin/bash
# The man pages render, without a warning of mandoc and of man. A program that
# is not installed is skipped. TAP.
# usage: check_man.sh PAGE...
set -euo pipefail

count=0 failed=0

# checked NAME PAGE COMMAND...: says nothing, and succeeds.
checked() {
	local name=$1 page=$2 said
	shift 2
	count=$((count + 1))
	if ! command -v "$1" >/dev/null; then
		printf 'ok %d - man: %s, %s # SKIP not installed\n' "$count" "${page##*/}" "$name"
		return
	fi
	if said=$("$@" 2>&1 >/dev/null) && [ -z "$said" ]; then
		printf 'ok %d - man: %s, %s\n' "$count" "${page##*/}" "$name"
		return
	fi
	failed=$((failed + 1))
	printf 'not ok %d - man: %s, %s\n' "$count" "${page##*/}" "$name"
	printf '%s\n' "$said" | sed 's/^/# /'
}

# mandoc prints what it finds on its standard output.
lint() { mandoc -T lint -W warning "$1" >&2; }
has_text() { [ "$(man -E UTF-8 -Tutf8 -P cat -l "$1" | wc -l)" -gt 20 ]; }

[ $# -gt 0 ] || {
	sed -n 's/^# usage: /usage: /p' "$0" >&2
	exit 2
}
for page; do
	# A file without a name line would pass.
	checked "a title" "$page" grep -q '^\.TH ' "$page"
	checked mandoc "$page" mandoc -T utf8 "$page"
	if command -v mandoc >/dev/null; then checked "mandoc -T lint" "$page" lint "$page"; fi
	LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 checked "man --warnings" "$page" \
		man --warnings -E UTF-8 -l -Tutf8 -Z "$page"
	if command -v man >/dev/null; then checked text "$page" has_text "$page"; fi
done
printf '1..%d\n' "$count"
[ "$failed" = 0 ]
