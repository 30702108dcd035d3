#!/bin/bash
# The indirect calls in the built module are those of a short list; and the
# check would notice one more. See tests/indirect.
# kernels: module
# core: yes
# where: host
# timeout: 600
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/guest/tap.sh
. "$LAB/guest/tap.sh"

# shellcheck disable=SC2153 # set by run.sh
kernel=$KERNEL
release=$(cat "$CACHE/kernels/$ROOT_ID/$kernel/release")
work=$ROOT/src/indirect-$kernel
trap 'rm -rf "$work"' EXIT
rm -rf "$work"
mkdir -p "$work"
cp -r "$TREE/tests/indirect/." "$work/"

# The module as dkms built and installed it.
dirs=$("$LAB/build.sh" --skip nic,owners,user --print "$kernel")
cp "${dirs%%$'\n'*}/usr/lib/modules/$release/updates/dkms/"netmem_tx.ko* "$work/"

# Its lines are TAP with numbers; say them without.
relay() {
	local rc=0
	in_root bash -ec "cd '/src/indirect-$kernel' && $1" >"$work/out" 2>&1 || rc=$?
	sed -n 's/^\(not \)\{0,1\}ok [0-9]* - /\1ok - /p; /^#/p' "$work/out"
	[ "$rc" -le 1 ] || {
		not_ok "$1 ends" "status $rc"
		note "$(tail -n 20 "$work/out")"
	}
}

relay "./check.sh netmem_tx.ko*"
# That the check sees what it looks for does not depend on the kernel.
[ "$kernel" != 6.18.15 ] || relay "./selftest.sh /lib/modules/$release/build"
