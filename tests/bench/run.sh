#!/bin/bash
# make bench: count instructions of the transmit path and of everything else
# that somebody pays for, on stock kernels in the lab, and compare with what
# is promised (report.py). See docs/benchmarks.md.
# usage: KERNEL="6.18.15 7.1.13" run.sh
#	JOBS=2   boots at the same time: what they count does not depend on it
set -euo pipefail
BENCH=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$BENCH/../lab/lib.sh"

read -ra kernels <<<"${KERNEL:-6.18.15 7.1.13}"
NATIVE=7.2.12
JOBS=${JOBS:-2}
OUT=$TREE/build/bench

# boot_args BOOT: plan and more kernel arguments of a boot.
boot_args() {
	case $1 in
	default) printf '%s\n' full ;;
	again) printf '%s\n' repeat ;;
	rethunk) printf '%s\n' readable "retbleed=force,unret" ;;
	native) printf '%s\n' native ;;
	esac
}

# guest_files KERNEL: options of vm.sh that add the bench to the guest.
guest_files() {
	local dir parts
	parts=$("$BENCH/build.sh" "$1")
	printf '%s\n' --add "$OUT/files"
	while read -r dir; do
		printf '%s\n' --add "$dir"
	done <<<"$parts"
}

# one KERNEL BOOT: boot, keep what it counted.
one() {
	local kernel=$1 boot=$2 args plan add
	mapfile -t args < <(boot_args "$boot")
	plan=${args[0]}
	guest_files "$kernel" >"$OUT/$kernel-$boot.add"
	mapfile -t add <"$OUT/$kernel-$boot.add"
	info "bench: kernel $kernel, boot $boot"
	"$LAB/vm.sh" --icount --timeout "$((900 * ${NETMEM_TX_SLOW:-1}))" \
		--skip test,owners --log "$OUT/$kernel-$boot" \
		--append "${args[*]:1}" "${add[@]}" "$kernel" -- \
		/lab/bench/run.sh "$plan" >"$OUT/$kernel-$boot.txt" || {
		tail -n 20 "$OUT/$kernel-$boot.txt" >&2
		die "bench: kernel $kernel, boot $boot ended badly; logs: $OUT/$kernel-$boot"
	}
	grep -q '^bench-end' "$OUT/$kernel-$boot.txt" ||
		die "bench: kernel $kernel, boot $boot did not come to its end"
	touch "$OUT/$kernel-$boot.done"
}

# all_boots: the boots in $boots, JOBS at a time.
all_boots() {
	local words
	for words in "${boots[@]}"; do
		while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done
		# shellcheck disable=SC2086 # a kernel and a boot
		one $words &
	done
	wait
	for words in "${boots[@]}"; do
		[ -e "$OUT/${words/ /-}.done" ] || die "bench: not all boots ended well"
	done
}

main() {
	local kernel boot start=$SECONDS docs=() boots=("$NATIVE native")
	need_root
	need_lab_tools
	need_tools python3=python3 gnuplot=gnuplot-nox
	"$LAB/root.sh" "${kernels[@]}" "$NATIVE"
	rm -rf "$OUT"
	mkdir -p "$OUT/files/lab/bench"
	cp -t "$OUT/files/lab/bench" "$BENCH"/guest/*.sh
	for kernel in "${kernels[@]}"; do
		for boot in default again rethunk; do
			boots+=("$kernel $boot")
		done
	done
	all_boots
	info "bench: all counted in $((SECONDS - start)) s"
	[ -n "${KERNEL:-}" ] || docs=(--docs "$TREE/docs")
	python3 "$BENCH/report.py" --native "$NATIVE" --out "$TREE/build/bench.json" \
		"${docs[@]}" "$OUT" "${kernels[@]}"
}
main "$@"
