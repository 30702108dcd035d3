#!/bin/bash
# make fuzz: netlink messages to bind-tx and to our own family, in a guest.
# usage: run.sh
#	COUNT=1000000     messages
#	SEED=             other messages; default: from the clock; it is printed
#	KERNEL=6.18.15    or 6.18.15-debug, when make check-debug has built that
#	NETMEM_TX_SLOW=1  time limits times this
# Each line of corpus/ is the seed and the count of a run that once failed: those
# are run first.
set -euo pipefail
FUZZ=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$FUZZ/../lab/lib.sh"

COUNT=${COUNT:-1000000}
SEED=${SEED:-$(($(date +%s) % 1000000))}
KERNEL=${KERNEL:-6.18.15}
OUT=$TREE/build/fuzz

build_user() {
	local src=$ROOT/src/fuzz out=$CACHE/built/$ROOT_ID/fuzz-user log=$OUT/build.log
	out+=-$(hash_tree tests/fuzz/user tests/traffic include)
	if [ ! -d "$out" ]; then
		rm -rf "$src" "$out.new"
		mkdir -p "$src" "$out.new/lab/bin"
		tar -C "$TREE" -c --exclude='*.o' tests/fuzz/user tests/traffic include |
			tar -x -C "$src"
		in_root make -s -C /src/fuzz/tests/fuzz/user OUT=/src/fuzz/out >"$log" 2>&1 || {
			tail -n 25 "$log" >&2
			die "tests/fuzz/user does not build"
		}
		cp "$src/out/nmtx_fuzz" "$out.new/lab/bin/"
		mv "$out.new" "$out"
		rm -rf "$src"
	fi
	printf '%s\n' "$out"
}

# one SEED COUNT: a boot; what it said goes to OUT/SEED.txt.
one() {
	info "fuzz: seed $1, $2 messages, kernel $KERNEL"
	"$LAB/vm.sh" --skip test,owners --log "$OUT/$1" \
		--timeout "$((3600 * ${NETMEM_TX_SLOW:-1}))" --add "$OUT/files" --add "$user" \
		"$KERNEL" -- /lab/fuzz/run.sh "$1" "$2" >"$OUT/$1.txt" || return
	grep -q '^fuzz-end' "$OUT/$1.txt"
}

# What was seen, and whether it is enough.
missed=0
enough() { # WHAT GOT WANTED
	local word=kept
	if [ "$2" -lt "$3" ]; then
		word=MISSED missed=$((missed + 1))
	fi
	echo "fuzz-check $word $1: $2, at least $3"
}
judge() {
	local sent past binds reached all
	read -r sent past binds < <(awk '$1 == "fuzz:" { sent += $5; past += $9; binds += $11 }
		END { print sent, past, binds }' "$OUT/$SEED.txt")
	read -r reached all < <(awk '$1 == "reached:" { print $2, $4 }' "$OUT/$SEED.txt")
	grep -E '^(fuzz|fuzz-errno|not reached|devices changed)' "$OUT/$SEED.txt" || true
	enough messages "$sent" "$COUNT"
	enough "percent past the attributes' policy" $((past * 100 / sent)) 30
	enough binds "$binds" $((COUNT / 100))
	enough "percent of our functions" $((reached * 100 / all)) 90
}

need_root
need_lab_tools
# A run that somebody ends has not failed: its seed is not for the corpus.
trap 'echo "fuzz: ended from outside"; exit 130' INT TERM HUP
"$LAB/root.sh" "$KERNEL"
mkdir -p "$OUT/files/lab/fuzz"
cp "$FUZZ"/guest/* "$OUT/files/lab/fuzz/"
user=$(build_user)
while read -r seed count; do
	one "$seed" "$count" || die "corpus: seed $seed fails again; log: $OUT/$seed"
done < <(cat "$FUZZ"/corpus/* 2>/dev/null || true)
one "$SEED" "$COUNT" || {
	tail -n 30 "$OUT/$SEED.txt" >&2
	mkdir -p "$FUZZ/corpus"
	echo "$SEED $COUNT" >"$FUZZ/corpus/$SEED"
	die "fuzz: seed $SEED failed; kept in tests/fuzz/corpus/$SEED; log: $OUT/$SEED"
}
judge
echo "fuzz: $((4 - missed)) kept, $missed missed"
[ "$missed" = 0 ]
