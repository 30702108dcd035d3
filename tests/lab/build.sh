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
# --skip leaves parts out: module (hand and test too), test, nic, owners, user.
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

# make_part NAME OUT: run build_NAME; its output goes to a log.
make_part() {
	local name=$1 out=$2 rc
	info "building $name for $kernel"
	rm -rf "$out"
	mkdir -p "$out"
	# Not in an "if": there set -e would be off.
	set +e
	(
		set -e
		"build_$name" "$out"
	) >"$log/build-$name-$kernel.log" 2>&1
	rc=$?
	set -e
	[ "$rc" != 0 ] || return 0
	tail -n 25 "$log/build-$name-$kernel.log" >&2
	die "building $name for kernel $kernel failed; log: $log/build-$name-$kernel.log"
}

# part NAME LOCK PATH...: build NAME unless its result is in the cache. PATHs
# are its sources; the result is called by their hash. When they change while
# it is built, it is built again.
part() {
	local name=$1 id out
	exec {lock_fd}>"$CACHE/build-$2.lock"
	flock "$lock_fd"
	shift 2
	while :; do
		id=$(hash_tree "$@")
		out=$CACHE/built/$ROOT_ID/$name-$id
		[ "$name" = user ] || out+=-$kernel
		[ ! -d "$out" ] || break
		make_part "$name" "$out.new"
		[ "$(hash_tree "$@")" != "$id" ] || mv "$out.new" "$out"
	done
	exec {lock_fd}>&-
	[ "$print" = 0 ] || printf '%s\n' "$out"
}

build_module() { "$TREE/scripts/dkms-root.sh" install "$ROOT" "$release" "$1"; }

# by_kbuild DIR TO [VARIABLE=VALUE...]: the modules of DIR, copied to TO.
# shellcheck disable=SC2154 # name is that of part
by_kbuild() {
	local dir=$1 to=$2
	shift 2
	snapshot "$name-$kernel"
	in_root nice make -j"$jobs" -C "/lib/modules/$release/build" "$@" \
		M="/src/$name-$kernel/$dir" modules
	mkdir -p "$to"
	find "$ROOT/src/$name-$kernel/$dir" -name '*.ko' -exec cp -t "$to" {} +
	rm -rf "${ROOT:?}/src/$name-$kernel"
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

main() {
	need_root
	mkdir -p "$CACHE"
	if wanted module Kbuild; then
		src=(dkms.conf Kbuild src include scripts)
		if "$TREE/scripts/dkms-root.sh" wants "$release"; then
			part module dkms "${src[@]}"
			! wanted test Kbuild || part test "test-$kernel" "${src[@]}"
		else
			part hand "hand-$kernel" "${src[@]}"
		fi
	fi
	if wanted nic tests/nic/Kbuild; then
		part nic "nic-$kernel" tests/nic include
	fi
	if wanted owners tests/owners/Kbuild && "$TREE/scripts/dkms-root.sh" wants "$release"; then
		part owners "owners-$kernel" tests/owners
	fi
	if wanted user tests/traffic/Makefile; then
		part user user tests/traffic tests/owners tools include
	fi
}
main
