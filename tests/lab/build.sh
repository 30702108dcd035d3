#!/bin/bash
# Build for a kernel, in the trixie root, what a guest needs.
# usage: build.sh [--skip PART,...] [--print] KERNEL [KERNEL-DIR]
#
# Parts, each cached by a hash of its sources:
#	module   src/, by dkms add, build and install  /lib/modules/V/updates/dkms
#	hand     src/ by kbuild, for kernels that dkms refuses    /lab/ko
#	nic      tests/nic by kbuild                              /lab/ko
#	user     tests/traffic and tools                          /lab/bin
# --skip leaves parts out: module (and hand), nic, user.
# --print writes the directories with the results.
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

skip='' print=0
while :; do
	case ${1:-} in
	--skip) skip=,$2, && shift ;;
	--print) print=1 ;;
	*) break ;;
	esac
	shift
done
kernel=${1:?usage: build.sh [--skip PART,...] [--print] KERNEL [KERNEL-DIR]}
release=$(cat "${2:-$CACHE/kernels/$ROOT_ID/$kernel}/release")
jobs=$(nproc)
log=$TREE/build/logs
mkdir -p "$log"

# snapshot DIR: a clean copy of the sources in the root, at /src/DIR.
snapshot() {
	rm -rf "${ROOT:?}/src/$1"
	mkdir -p "$ROOT/src/$1"
	tar -C "$TREE" -c --exclude=./build --exclude=./.git --exclude='*.o' \
		--exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' \
		--exclude='.*.cmd' . | tar -x -C "$ROOT/src/$1"
}

# wanted PART PATH: not skipped, and its sources are there.
wanted() { [[ $skip != *,$1,* ]] && [ -e "$TREE/$2" ]; }

# part NAME ID FUNCTION: run FUNCTION OUT unless its result is in the cache.
# Not in an "if": there set -e would be off.
part() {
	local rc out=$CACHE/built/$ROOT_ID/$1-$2
	if [ ! -d "$out" ]; then
		info "building $1 for $kernel"
		rm -rf "$out.new"
		mkdir -p "$out.new"
		set +e
		(
			set -e
			"$3" "$out.new"
		) >"$log/build-$1-$kernel.log" 2>&1
		rc=$?
		set -e
		if [ "$rc" != 0 ]; then
			tail -n 25 "$log/build-$1-$kernel.log" >&2
			die "building $1 for kernel $kernel failed; log: $log/build-$1-$kernel.log"
		fi
		mv "$out.new" "$out"
	fi
	[ "$print" = 0 ] || printf '%s\n' "$out"
}

build_module() { "$TREE/scripts/dkms-root.sh" install "$ROOT" "$release" "$1"; }

build_hand() {
	snapshot "hand-$kernel"
	in_root nice make -j"$jobs" -C "/lib/modules/$release/build" \
		M="/src/hand-$kernel" modules
	mkdir -p "$1/lab/ko"
	cp "$ROOT/src/hand-$kernel/src/netmem_tx.ko" "$1/lab/ko/"
	rm -rf "${ROOT:?}/src/hand-$kernel"
}

build_nic() {
	snapshot "nic-$kernel"
	in_root nice make -j"$jobs" -C "/lib/modules/$release/build" W=1 \
		KCFLAGS=-Werror M="/src/nic-$kernel/tests/nic" modules
	mkdir -p "$1/lab/ko"
	cp "$ROOT/src/nic-$kernel/tests/nic/"*.ko "$1/lab/ko/"
	rm -rf "${ROOT:?}/src/nic-$kernel"
}

build_user() {
	local dir
	snapshot user
	mkdir -p "$1/lab/bin"
	for dir in tests/traffic tools; do
		[ -e "$TREE/$dir/Makefile" ] || continue
		in_root nice make -j"$jobs" -C "/src/user/$dir" OUT="/src/user/out"
	done
	[ ! -d "$ROOT/src/user/out" ] || cp -a "$ROOT/src/user/out/." "$1/lab/bin/"
	rm -rf "${ROOT:?}/src/user"
}

need_root
lock build
if wanted module Kbuild; then
	id=$(hash_tree dkms.conf Kbuild src include scripts)-$kernel
	if "$TREE/scripts/dkms-root.sh" wants "$release"; then
		part module "$id" build_module
	else
		part hand "$id" build_hand
	fi
fi
if wanted nic tests/nic/Kbuild; then
	part nic "$(hash_tree tests/nic include)-$kernel" build_nic
fi
if wanted user tests/traffic/Makefile; then
	part user "$(hash_tree tests/traffic tools include)" build_user
fi
