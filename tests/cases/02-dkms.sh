#!/bin/bash
# dkms in the lab's root: add, build, install, remove; what modprobe finds.
# kernels: module
# core: 7.1.13
# where: host
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/lab/guest/tap.sh
. "$LAB/guest/tap.sh"

# shellcheck disable=SC2153 # set by run.sh
release=$(cat "$CACHE/kernels/$ROOT_ID/$KERNEL/release")
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
TAP_OUT=$out/said
lock build-dkms

found() { in_root modprobe -S "$release" --show-depends netmem_tx; }
module_file() { find "$ROOT/usr/lib/modules/$release/updates" -name 'netmem_tx.ko*'; }
not_found() { ! found; }
nothing_left() { [ -z "$(module_file)" ] && [ ! -d "$ROOT/var/lib/dkms/netmem-tx" ]; }

check "dkms add, build and install" \
	"$TREE/scripts/dkms-root.sh" install "$ROOT" "$release" "$out/files"
check "modprobe finds the module" found
check "dkms remove" "$TREE/scripts/dkms-root.sh" remove "$ROOT" "$release"
check "modprobe does not find it any more" not_found
check "nothing is left in the tree of dkms" nothing_left
