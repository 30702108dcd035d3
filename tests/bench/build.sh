#!/bin/bash
# Build the modules of ko/ and the program of user/ for a kernel, in the lab's
# root; print the directories to add to a guest. Cached by a hash of sources.
# usage: build.sh KERNEL
set -euo pipefail
BENCH=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$BENCH/../lab/lib.sh"

kernel=${1:?usage: build.sh KERNEL}
release=$(cat "$CACHE/kernels/$ROOT_ID/$kernel/release")
src=/src/bench-$kernel

snapshot() {
	rm -rf "${ROOT:?}$src"
	mkdir -p "$ROOT$src"
	tar -C "$TREE" -c --exclude='*.o' --exclude='*.ko' --exclude='*.mod' \
		--exclude='*.mod.c' --exclude='.*.cmd' tests/bench tests/traffic include |
		tar -x -C "$ROOT$src"
}

build_ko() { # OUT
	in_root nice make -j2 -C "/lib/modules/$release/build" W=1 KCFLAGS=-Werror \
		M="$src/tests/bench/ko" modules &&
		mkdir -p "$1/lab/ko" &&
		cp -t "$1/lab/ko" "$ROOT$src"/tests/bench/ko/*.ko
}

build_user() { # OUT
	in_root nice make -j2 -C "$src/tests/bench/user" OUT="$src/out" &&
		mkdir -p "$1/lab/bin" &&
		cp -t "$1/lab/bin" "$ROOT$src/out/nmtx_bench"
}

# part NAME PATH...: build NAME unless the cache has it; print where it is.
part() {
	local name=$1 out log=$TREE/build/logs/build-bench-$1-$kernel.log
	shift
	out=$CACHE/built/$ROOT_ID/bench-$name-$(hash_tree "$@")
	[ "$name" = user ] || out+=-$kernel
	if [ ! -d "$out" ]; then
		info "building bench $name for $kernel"
		mkdir -p "${log%/*}"
		rm -rf "$out.new"
		(snapshot && "build_$name" "$out.new") >"$log" 2>&1 || {
			tail -n 25 "$log" >&2
			die "bench $name for kernel $kernel does not build; log: $log"
		}
		mv "$out.new" "$out"
		rm -rf "${ROOT:?}$src"
	fi
	printf '%s\n' "$out"
}

need_root
lock build-bench
part ko tests/bench/ko
part user tests/bench/user tests/traffic include
