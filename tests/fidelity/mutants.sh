#!/bin/bash
# make fidelity MUTANTS=1: wrong builds of the module, one change each; a
# scenario has to tell each of them from the right one.
# usage: mutants.sh [MUTANT...]
#	JOBS=2                     guests at the same time
# The head of mutants/NAME.mutant says which kernel and scenarios show it. The
# right build runs all of these scenarios too, and must pass.
set -euo pipefail
# shellcheck source=tests/fidelity/lib.sh
. "$(dirname "$0")/lib.sh"

JOBS=${JOBS:-2}
REFERENCE=$FID/reference/7.2.12.tsv
FID_OUT=$TREE/build/mutants

head_of() { sed -n "1,8s/^$2: *//p" "$FID/mutants/$1.mutant"; }

# compile NAME KERNEL: the tree of that kernel, to a folder for the guest.
compile() {
	local log=$TREE/build/logs/build-mutant-$1.log
	kbuild "$2" "/src/mutants-$2" "$FID_OUT/$1.stage/lab/ko/mutant" >"$log" 2>&1 || {
		tail -n 15 "$log" >&2
		echo "mutant $1 does not build; log: $log" >&2
		return 1
	}
	fid_stage "$FID_OUT/$1.stage"
}

# All builds of a kernel are made in one tree: only what changed is compiled.
build() { # NAME KERNEL
	local file tree=$ROOT/src/mutants-$2
	file=$(head_of "$1" file)
	cp "$tree/$file" "$FID_OUT/original"
	python3 "$FID/mutate.py" "$FID/mutants/$1.mutant" "$tree" || return
	compile "$1" "$2" || return
	cp "$FID_OUT/original" "$tree/$file"
}

# run_one NAME KERNEL PASS SCENARIO...: its verdicts, and what is wrong there.
run_one() {
	local name=$1 kernel=$2 pass=$3 rc=0
	shift 3
	FID_SKIP=,module fid_boot "$kernel" "$FID_OUT/$name" 600 "$FID_OUT/$name.stage" \
		/lab/fidelity/guest/run "$pass" -- "$@" \
		>"$FID_OUT/$name.out" 2>"$FID_OUT/$name.err" || rc=$?
	mkdir -p "$FID_OUT/$name.tsv"
	verdicts_of "$FID_OUT/$name.out" "$pass" >"$FID_OUT/$name.tsv/$kernel-$pass.tsv"
	chosen "$REFERENCE" "$@" >"$FID_OUT/$name.tsv/reference"
	python3 "$FID/compare.py" "$FID_OUT/$name.tsv" "$FID_OUT/$name.tsv/reference" \
		"$TREE/docs/fidelity.md" "$kernel/$pass" >"$FID_OUT/$name.compared" || true
	printf '%s\n' "$rc" >"$FID_OUT/$name.rc"
	rm -rf "$FID_OUT/$name.stage"
}

killers() { sed -n 's/^wrong: [^:]*: \([^:]*\): .*/\1/p' "$FID_OUT/$1.compared" | sort -u | xargs; }

# tell NAME: killed or survived.
tell() {
	local by
	by=$(killers "$1")
	if [ -n "$by" ]; then
		echo "killed   $1 ($(head_of "$1" what)): $by"
	else
		echo "SURVIVED $1 ($(head_of "$1" what))"
		return 1
	fi
}

tell_right() {
	if [ -z "$(killers "right-$1")" ] && [ "$(cat "$FID_OUT/right-$1.rc")" = 0 ]; then
		echo "right    $1: all scenarios as they should be"
	else
		echo "WRONG    $1: the right build fails: $(killers "right-$1")"
		return 1
	fi
}

in_background() {
	while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done
	run_one "$@" &
}

main() {
	local name kernel bad=0 names=() kernels
	[ $# -gt 0 ] || set -- "$FID"/mutants/*.mutant
	for name; do names+=("$(basename "$name" .mutant)"); done
	need_root
	need_lab_tools
	rm -rf "$FID_OUT"
	mkdir -p "$FID_OUT" "$TREE/build/logs"
	kernels=$(for name in "${names[@]}"; do head_of "$name" kernel; done | sort -u)
	for kernel in $kernels; do
		"$LAB/root.sh" "$kernel"
		"$LAB/build.sh" --skip test,owners,module "$kernel"
		clean_copy "mutants-$kernel"
		compile "right-$kernel" "$kernel"
		# shellcheck disable=SC2046 # words
		in_background "right-$kernel" "$kernel" auto $(for name in "${names[@]}"; do
			[ "$(head_of "$name" kernel)" != "$kernel" ] || head_of "$name" scenarios
		done)
	done
	for name in "${names[@]}"; do
		kernel=$(head_of "$name" kernel)
		if ! build "$name" "$kernel"; then
			echo "no build: $name" >"$FID_OUT/$name.compared"
			cp "$FID_OUT/original" "$ROOT/src/mutants-$kernel/$(head_of "$name" file)"
			continue
		fi
		# shellcheck disable=SC2046 # words
		in_background "$name" "$kernel" "$(head_of "$name" pass)" $(head_of "$name" scenarios)
	done
	wait
	for kernel in $kernels; do rm -rf "${ROOT:?}/src/mutants-$kernel"; done
	for kernel in $kernels; do tell_right "$kernel" || bad=1; done
	for name in "${names[@]}"; do tell "$name" || bad=1; done
	return "$bad"
}
main "$@"
