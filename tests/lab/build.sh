#!/bin/bash
# Build for a kernel, in the trixie root, what a guest needs.
# usage: build.sh [--skip PART,...] [--print] KERNEL [KERNEL-DIR]
#
# Parts, each cached by a hash of its sources:
#	module   src/, by dkms add, build and install  /lib/modules/V/updates/dkms
#	hand     src/ by kbuild, for kernels that dkms refuses    /lab/ko
#	test     src/ by kbuild with NETMEM_TX_TEST=y             /lab/ko/test
#	nic      tests/nic by kbuild                              /lab/ko
#	owners   tests/owners by kbuild                           /lab/ko
#	user     tests/traffic, tools and tests/owners            /lab/bin
# --skip leaves parts out: module (hand and test too), nic, owners, user.
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

# by_kbuild DIR TO [VARIABLE=VALUE...]: the modules of DIR, copied to TO.
by_kbuild() {
	local dir=$1 to=$2
	shift 2
	snapshot "kbuild-$kernel"
	in_root nice make -j"$jobs" -C "/lib/modules/$release/build" "$@" \
		M="/src/kbuild-$kernel/$dir" modules
	mkdir -p "$to"
	find "$ROOT/src/kbuild-$kernel/$dir" -name '*.ko' -exec cp -t "$to" {} +
	rm -rf "${ROOT:?}/src/kbuild-$kernel"
}

build_hand() { by_kbuild . "$1/lab/ko"; }
build_test() { by_kbuild . "$1/lab/ko/test" NETMEM_TX_TEST=y; }
build_owners() { by_kbuild tests/owners "$1/lab/ko" W=1 KCFLAGS=-Werror; }
build_nic() { by_kbuild tests/nic "$1/lab/ko" W=1 KCFLAGS=-Werror; }

build_user() {
	local dir
	snapshot user
	mkdir -p "$1/lab/bin"
	for dir in tests/traffic tools tests/owners; do
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
		part test "$id" build_test
	else
		part hand "$id" build_hand
	fi
fi
if wanted nic tests/nic/Kbuild; then
	part nic "$(hash_tree tests/nic include)-$kernel" build_nic
fi
if wanted owners tests/owners/Kbuild && "$TREE/scripts/dkms-root.sh" wants "$release"; then
	part owners "$(hash_tree tests/owners)-$kernel" build_owners
fi
if wanted user tests/traffic/Makefile; then
	part user "$(hash_tree tests/traffic tests/owners tools include)" build_user
fi
