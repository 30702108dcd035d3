#!/bin/bash
# Wrong builds of the module, one seeded bug of each class; the debug kernel has
# to report each of them, and nothing of the right build.
# usage: mutants.sh [MUTANT...]
#	KERNEL=6.18.15
set -euo pipefail
# shellcheck source=tests/fidelity/lib.sh
. "$(dirname "$0")/../fidelity/lib.sh"
# shellcheck source=tests/debug/lib.sh
. "$(dirname "$0")/lib.sh"

KERNEL=${KERNEL:-6.18.15}
KERNEL=${KERNEL%%-*}
NAME=$KERNEL-debug
OUT=$TREE/build/debug-mutants
WORK=debug-mutants

head_of() { sed -n "1,8s/^$2: *//p" "$DEBUG/mutants/$1.mutant"; }

# compile NAME: the tree at /src/WORK, to a folder for the guest.
compile() {
	kbuild "$NAME" "/src/$WORK" "$OUT/$1.files/lab/ko/mutant" >"$OUT/$1.build" 2>&1 || {
		tail -n 15 "$OUT/$1.build" >&2
		return 1
	}
	debug_guest "$OUT/$1.files"
}

boot() { # NAME
	"$LAB/vm.sh" --log "$OUT/$1" --timeout $((200 * SLOW)) --mem 3G \
		--skip test,owners,module --add "$OUT/$1.files" "$NAME" -- \
		env NETMEM_TX_SLOW=$SLOW /lab/debug/with-kmemleak /lab/debug/once \
		/lab/ko/mutant/netmem_tx.ko >"$OUT/$1.out" 2>"$OUT/$1.err"
}

right() {
	clean_copy "$WORK"
	compile right || return
	if boot right; then
		echo "ok - the right build: no report"
	else
		echo "not ok - the right build: no report; log: $OUT/right"
		tail -n 12 "$OUT/right.out" "$OUT/right.err" | sed 's/^/# /'
		return 1
	fi
}

one() { # MUTANT
	local what file rc=0
	what=$(head_of "$1" what)
	file=$(head_of "$1" file)
	cp "$ROOT/src/$WORK/$file" "$OUT/original"
	python3 "$FID/mutate.py" "$DEBUG/mutants/$1.mutant" "$ROOT/src/$WORK" &&
		compile "$1" && { boot "$1" || rc=$?; }
	cp "$OUT/original" "$ROOT/src/$WORK/$file"
	if [ "$rc" != 0 ] && grep -Eaqs -- "$(head_of "$1" report)" \
		"$OUT/$1/kernel.log" "$OUT/$1/output.log"; then
		echo "ok - $what"
	else
		echo "not ok - $what: not reported; log: $OUT/$1"
		tail -n 12 "$OUT/$1.out" "$OUT/$1.err" | sed 's/^/# /'
		return 1
	fi
}

need_root
need_lab_tools
rm -rf "$OUT"
mkdir -p "$OUT"
[ $# -gt 0 ] || set -- "$DEBUG"/mutants/*.mutant
debug_kernel "$NAME"
"$LAB/build.sh" --skip test,owners,module "$NAME"
passed=0 failed=0
count() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }
count right
for mutant; do count one "$(basename "$mutant" .mutant)"; done
rm -rf "${ROOT:?}/src/$WORK"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
