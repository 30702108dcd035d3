#!/bin/bash
# make fidelity: the scenarios on the native kernels and, with the module, on
# the others; each verdict compared with that of the reference.
# usage: run.sh [SCENARIO...]      (patterns; default: all)
#	KERNELS="6.18.15"          only these, beside the reference
#	REFERENCE=1                boot the native kernels only, store what they say
#	JOBS=2                     guests at the same time
#	NETMEM_TX_SLOW=1           time limits times this
set -euo pipefail
# shellcheck source=tests/fidelity/lib.sh
. "$(dirname "$0")/lib.sh"

NATIVE="7.2.12 7.3.4"
MODULE="6.16.12 6.17.13 6.18.5 6.18.15 6.19.14 7.0.13 7.1.13"
KERNELS=${KERNELS:-$MODULE}
JOBS=${JOBS:-2}
SLOW=${NETMEM_TX_SLOW:-1}
STORED=$FID/reference
FIRST=${NATIVE%% *}

is_native() { [[ " $NATIVE " = *" $1 "* ]]; }
passes() { if is_native "$1"; then echo native; else echo auto always; fi; }

# job KERNEL [SCENARIO...]: one guest, all its passes; verdicts go to files.
job() {
	local kernel=$1 rc=0 pass start=$SECONDS
	shift
	# shellcheck disable=SC2046 # words
	fid_boot "$kernel" "$FID_OUT/$kernel" "$((2400 * SLOW))" "$FID_OUT/stage" \
		env NETMEM_TX_SLOW="$SLOW" /lab/fidelity/guest/run $(passes "$kernel") -- "$@" \
		>"$FID_OUT/$kernel.out" 2>"$FID_OUT/$kernel.err" || rc=$?
	for pass in $(passes "$kernel"); do
		verdicts_of "$FID_OUT/$kernel.out" "$pass" >"$FID_OUT/$kernel-$pass.tsv"
	done
	info "kernel $kernel: status $rc, $((SECONDS - start)) s"
	printf '%s\n' "$rc" >"$FID_OUT/$kernel.rc"
}

prepare() {
	local kernel
	need_root
	need_lab_tools
	"$FID/selftest.sh" | grep -v '^ok' && die "tests/fidelity/selftest.sh fails"
	rm -rf "$FID_OUT"
	mkdir -p "$FID_OUT/stage" "$TREE/build/logs"
	fid_stage "$FID_OUT/stage"
	for kernel; do
		"$LAB/root.sh" "$kernel"
		"$LAB/build.sh" --skip test,owners "$kernel"
		fid_ko "$kernel" >/dev/null
	done
}

# Boots that did not end well; what their guests complained of.
bad_boots() {
	local kernel bad=0
	for kernel; do
		[ "$(cat "$FID_OUT/$kernel.rc" 2>/dev/null)" = 0 ] && continue
		bad=1
		echo "wrong: $kernel: status $(cat "$FID_OUT/$kernel.rc"): $FID_OUT/$kernel.out"
		grep -h -A 14 '^== ' "$FID_OUT/$kernel.out" "$FID_OUT/$kernel.err" | head -n 60 || true
	done
	return "$bad"
}

# store KERNEL [SCENARIO...]: what a native kernel said becomes the reference;
# of the named scenarios only, if there are any.
store() {
	local file=$STORED/$1.tsv kernel=$1
	shift
	{
		echo "# Verdicts of Linux $kernel without the module: make fidelity REFERENCE=1"
		echo "# release: $(cat "$CACHE/kernels/$ROOT_ID/$kernel/release"), taken on $(date -u +%F)"
		echo "# $("$("$LAB/emulator.sh")" --version | head -n 1); suite $(hash_tree \
			tests/fidelity/guest tests/fidelity/scenarios tests/fidelity/ko)"
		[ $# = 0 ] || echo "# renewed in part: $*"
		if [ $# = 0 ]; then
			cat "$FID_OUT/$kernel-native.tsv"
		else
			awk -F '\t' 'NR == FNR { new[$1] = $0; next }
				/^#/ { next }
				$1 in new { print new[$1]; delete new[$1]; next }
				{ print }
				END { for (name in new) print new[name] }' \
				"$FID_OUT/$kernel-native.tsv" "$file"
		fi
	} >"$file.new"
	mv "$file.new" "$file"
	echo "stored: $file, $(grep -vc '^#' "$file") scenarios"
}

# The reference of now and the stored one are the same.
same_as_stored() {
	local kernel bad=0
	for kernel in $NATIVE; do
		chosen "$STORED/$kernel.tsv" "$@" | sort >"$FID_OUT/$kernel-stored.tsv"
		sort "$FID_OUT/$kernel-native.tsv" |
			diff "$FID_OUT/$kernel-stored.tsv" - || {
			echo "wrong: $kernel does not say what $STORED/$kernel.tsv says (REFERENCE=1 stores it anew)"
			bad=1
		}
	done
	return "$bad"
}

main() {
	local kernels kernel bad=0 runs=() start=$SECONDS pass all=()
	kernels="$NATIVE $KERNELS"
	[ "${REFERENCE:-}" != 1 ] || kernels=$NATIVE
	# shellcheck disable=SC2086
	prepare $kernels
	for kernel in $kernels; do
		while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done
		info "kernel $kernel"
		job "$kernel" "$@" &
	done
	wait
	# shellcheck disable=SC2086
	bad_boots $kernels || bad=1
	if [ "${REFERENCE:-}" = 1 ]; then
		[ "$bad" = 0 ] || die "not stored"
		for kernel in $NATIVE; do store "$kernel" "$@"; done
		python3 "$FID/duplicates.py" "$STORED/$FIRST.tsv"
		return
	fi
	same_as_stored "$@" || bad=1
	for kernel in $kernels; do
		[ "$kernel" != "$FIRST" ] || continue
		for pass in $(passes "$kernel"); do runs+=("$kernel/$pass"); done
	done
	chosen "$STORED/$FIRST.tsv" "$@" >"$FID_OUT/reference.tsv"
	[ $# -gt 0 ] || all=(--all)
	python3 "$FID/compare.py" "${all[@]}" "$FID_OUT" "$FID_OUT/reference.tsv" \
		"$TREE/docs/fidelity.md" "${runs[@]}" || bad=1
	[ "$bad" = 0 ] && echo "fidelity: passed" || echo "fidelity: FAILED"
	echo "$((SECONDS - start)) s"
	return "$bad"
}
main "$@"
