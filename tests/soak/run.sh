#!/bin/bash
# make soak: the module comes and goes under everything else that goes on.
# usage: run.sh
#	CYCLES=300        loads and unloads in all; LONG=1: 2000
#	KERNEL=6.18.15
#	NETMEM_TX_SLOW=1  time limits times this
# Two boots, side by side: preempt=full and preempt=none, half of it each.
set -euo pipefail
SOAK=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$SOAK/../lab/lib.sh"

KERNEL=${KERNEL:-6.18.15}
CYCLES=${CYCLES:-$([ "${LONG:-}" = 1 ] && echo 2000 || echo 300)}
SLOW=${NETMEM_TX_SLOW:-1}
OUT=$TREE/build/soak
EACH=$(((CYCLES + 1) / 2))
# Two CPUs that do run at the same time.
export NETMEM_TX_ACCEL=${NETMEM_TX_ACCEL:-tcg,thread=multi}

# When both boots share two CPUs, 25 cycles took 12 to 39 seconds each.
limit=$(((900 + EACH * 45) * SLOW))

# one PREEMPT: a boot; what it says goes to OUT/PREEMPT.txt, and is shown as it
# comes.
one() {
	local rc=0 start=$SECONDS
	"$LAB/vm.sh" --skip test --log "$OUT/$1" --timeout "$limit" \
		--append "preempt=$1" --add "$OUT/files" "$KERNEL" -- \
		env NETMEM_TX_SLOW="$SLOW" /lab/soak/run.sh "$EACH" "$1" \
		2>"$OUT/$1.err" | tee "$OUT/$1.txt" | sed -u "s/^/$1: /" >&2 || rc=$?
	echo "# preempt=$1: $((SECONDS - start)) s, status $rc" >>"$OUT/$1.txt"
	[ "$rc" = 0 ] && grep -q '^soak-end' "$OUT/$1.txt"
}

judge() {
	local preempt bad=0
	for preempt in full none; do
		echo "== preempt=$preempt"
		# The rest was shown as it came.
		grep -Ev '^(ok|# cycle|soak-end|$)' "$OUT/$preempt.txt" || true
		cat "$OUT/$preempt.err"
		[ "$(cat "$OUT/$preempt.rc")" = 0 ] || bad=1
		if grep -q '^not ok' "$OUT/$preempt.txt"; then bad=1; fi
	done
	awk '$1 == "soak:" { for (i = 2; i < NF; i += 2) sum[$i] += $(i + 1) }
		END { printf "soak: all"; for (k in sum) printf ", %s %d", k, sum[k]; print "" }' \
		"$OUT/full.txt" "$OUT/none.txt"
	return "$bad"
}

need_root
need_lab_tools
rm -rf "$OUT"
mkdir -p "$OUT/files/lab/soak"
cp "$SOAK"/guest/* "$OUT/files/lab/soak/"
"$LAB/root.sh" "$KERNEL"
"$LAB/build.sh" --skip test "$KERNEL"
info "soak: $CYCLES loads and unloads on $KERNEL, in two boots"
for preempt in full none; do
	(
		rc=0
		one "$preempt" || rc=$?
		echo "$rc" >"$OUT/$preempt.rc"
	) &
done
wait
judge || {
	echo "soak: FAILED; logs: $OUT"
	exit 1
}
echo "soak: passed"
