#!/bin/bash
# Show that check.sh fails on a module with one indirect call more, and on a
# list with one too many; and that it passes one that calls by static_call.
#
# usage: selftest.sh KDIR     (a kernel's build directory; runs where its
#                              compiler is, in the lab: inside the trixie root)
# Writes TAP: four lines and the plan.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
kdir=${1:?usage: selftest.sh KDIR}
count=0
failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# expect STATUS DESCRIPTION PATTERN COMMAND...: COMMAND ends with STATUS and
# writes a line that matches PATTERN.
expect() {
	local status=$1 what=$2 pattern=$3 got=0
	shift 3
	count=$((count + 1))
	"$@" >"$tmp/out" 2>&1 || got=$?
	if [ "$got" = "$status" ] && grep -q -- "$pattern" "$tmp/out"; then
		printf 'ok %d - %s\n' "$count" "$what"
	else
		failed=1
		printf 'not ok %d - %s\n' "$count" "$what"
		printf '# status %d, not %d, or no line with "%s":\n' "$got" "$status" "$pattern"
		sed 's/^/# /' "$tmp/out"
	fi
}

cp "$here"/sample/* "$tmp/"
make -s -C "$kdir" M="$tmp" modules >"$tmp/log" 2>&1 || {
	cat "$tmp/log" >&2
	printf 'indirect/selftest.sh: the samples do not build against %s\n' "$kdir" >&2
	exit 2
}
grep '^__traceiter\|pv_ops' "$here/allowed.txt" >"$tmp/some.txt" || true
printf 'indirect_bad_find\tregister\t1\tthe sample\n' >"$tmp/bad.txt"
cp "$tmp/indirect_bad.ko" "$tmp/plain.ko"
xz -k "$tmp/plain.ko"

expect 1 "a call through a pointer is found" "^# indirect_bad_find (register)" \
	"$here/check.sh" --allowed "$tmp/some.txt" "$tmp/indirect_bad.ko"
expect 1 "it is found in a compressed module too" "^# indirect_bad_find (register)" \
	"$here/check.sh" --allowed "$tmp/some.txt" "$tmp/plain.ko.xz"
expect 0 "a static call is not reported" "^ok 2" \
	"$here/check.sh" --allowed "$tmp/some.txt" "$tmp/indirect_good.ko"
expect 1 "a listed call that is gone is reported" "indirect_bad_find.*0 of 1" \
	"$here/check.sh" --allowed "$tmp/bad.txt" "$tmp/indirect_good.ko"
printf '1..%d\n' "$count"
exit "$failed"
