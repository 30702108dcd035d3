#!/bin/bash
# make faults: each call of the module to the kernel that can fail is made to
# fail, in a guest. What is left then, and does the next try work?
# usage: run.sh
#	KERNEL=6.18.15
#	POINTS="*"        only those whose names match, like "nmtx_lease_add/*"
#	OPS=              only these operations of guest/ops.sh
#	MUTANT=           a wrong build of the module, as tests/fidelity/mutants has
#			  them: then something has to fail
#	NETMEM_TX_SLOW=1  time limits times this
# Logs, the points and the jobs: build/faults/.
set -euo pipefail
FAULTS=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/fidelity/lib.sh
. "$FAULTS/../fidelity/lib.sh"

KERNEL=${KERNEL:-6.18.15}
POINTS=${POINTS:-*}
OUT=$TREE/build/faults/$KERNEL
SLOW=${NETMEM_TX_SLOW:-1}
# Who allocated each object; where the kernel keeps what the module asks for.
APPEND="slab_debug=U,kmalloc-*,skbuff_*"

# The module that is loaded in the guest, as a plain file.
module_file() {
	local dir file
	dir=$("$LAB/build.sh" --skip test,owners,nic,user --print "$KERNEL")
	file=$(find "$dir" -name 'netmem_tx.ko*')
	[ -n "$file" ] || die "kernel $KERNEL: dkms does not build the module"
	place=${file#"$dir"}
	if [ -n "${MUTANT:-}" ]; then
		mutant
	elif [[ $file = *.xz ]]; then
		xz -dc "$file" >"$OUT/netmem_tx.ko"
	else
		cp "$file" "$OUT/netmem_tx.ko"
	fi
}

# Built, and put where modprobe finds the right one otherwise.
mutant() {
	clean_copy "faults-mutant-$KERNEL"
	python3 "$FID/mutate.py" "$MUTANT" "$ROOT/src/faults-mutant-$KERNEL"
	kbuild "$KERNEL" "/src/faults-mutant-$KERNEL/src" "$OUT" >"$OUT/build-mutant.log" 2>&1 ||
		die "the mutant does not build; log: $OUT/build-mutant.log"
	rm -rf "${ROOT:?}/src/faults-mutant-$KERNEL"
	mkdir -p "$OUT/files${place%/*}"
	case $place in
	*.xz) xz --check=crc32 -c "$OUT/netmem_tx.ko" >"$OUT/files$place" ;;
	*) cp "$OUT/netmem_tx.ko" "$OUT/files$place" ;;
	esac
}

# guest NAME COMMAND...
guest() {
	local log=$OUT/$1
	shift
	"$LAB/vm.sh" --skip test --log "$log" --timeout $((3600 * SLOW)) \
		--append "$APPEND" --add "$(fid_ko "$KERNEL")" --add "$(folder_ko faults "$KERNEL")" \
		--add "$OUT/files" "$KERNEL" -- "$@"
}

files() {
	mkdir -p "$OUT/files/lab/faults" "$OUT/files/lab/fidelity"
	cp "$FAULTS"/guest/* "$OUT/files/lab/faults/"
	cp -r "$FID/guest" "$OUT/files/lab/fidelity/"
}

cover() {
	cp "$OUT/points.tsv" "$OUT/files/lab/faults/"
	guest cover /lab/faults/run.sh cover /lab/faults/points.tsv "${OPS:-}" >"$OUT/hits" || {
		tail -n 25 "$OUT/hits" >&2
		die "the operations fail although no call was made to; log: $OUT/cover"
	}
}

# jobs_left: those of $OUT/left that nothing was said about.
jobs_left() {
	awk -F'\t' 'side == 1 { told[$2, $3, $4] = 1; next } !(($1, $5, $6) in told)' \
		side=1 "$OUT/walked" side=2 "$OUT/left"
}

# boot_ended STATUS NAME: the job in which the kernel died has failed.
boot_ended() {
	if [ "$1" != 0 ] && ! grep -aq '^faults-end' "$OUT/walked.now"; then
		tail -n 3 "$OUT/walked.now"
		grep -a '^start	' "$OUT/walked.now" | tail -n 1 |
			sed "s/^start/point/; s|\$|\tFAILED\tthe guest ended, status $1: $2|" \
				>>"$OUT/walked"
	elif [ "$1" != 0 ]; then
		echo "faults: status $1; see $OUT/$2/kernel.log"
		bad=1
	fi
}

# A boot ends with all its jobs, or with one in which the kernel died or the
# module stays. The others are done in the next boot.
walk() {
	local boot=0 rc before
	: >"$OUT/walked"
	cp "$OUT/jobs" "$OUT/left"
	while [ -s "$OUT/left" ]; do
		boot=$((boot + 1)) rc=0 before=$(wc -l <"$OUT/left")
		cp "$OUT/left" "$OUT/files/lab/faults/jobs.tsv"
		info "faults: boot $boot, $before calls to fail"
		guest "walk-$boot" /lab/faults/run.sh walk /lab/faults/jobs.tsv \
			>"$OUT/walked.now" || rc=$?
		grep -a '^point	' "$OUT/walked.now" >>"$OUT/walked" || true
		grep -a '^#' "$OUT/walked.now" | head -n 40 || true
		boot_ended "$rc" "walk-$boot"
		jobs_left >"$OUT/left.new"
		mv "$OUT/left.new" "$OUT/left"
		[ "$(wc -l <"$OUT/left")" -lt "$before" ] ||
			die "boot $boot did nothing; log: $OUT/walk-$boot"
	done
}

bad=0
need_root
need_lab_tools
need_tools objdump=binutils python3=python3
"$LAB/root.sh" "$KERNEL"
rm -rf "$OUT"
mkdir -p "$OUT"
files
module_file
python3 "$FAULTS/points.py" "$OUT/netmem_tx.ko" "$FAULTS/callees.tsv" >"$OUT/points.all"
awk -F'\t' -v glob="$POINTS" 'BEGIN { gsub(/[.]/, "[.]", glob); gsub(/[*]/, ".*", glob) }
	$1 ~ "^(" glob ")$"' "$OUT/points.all" >"$OUT/points.tsv"
info "faults: $(wc -l <"$OUT/points.tsv") calls can fail"
SECONDS=0
cover
python3 "$FAULTS/jobs.py" plan "$KERNEL" "$OUT/points.tsv" "$OUT/hits" "$FAULTS/paths.tsv" >"$OUT/jobs"
walk
info "faults: $SECONDS s"
python3 "$FAULTS/jobs.py" judge "$KERNEL" "$OUT/points.tsv" "$OUT/hits" "$FAULTS/paths.tsv" \
	"$OUT/jobs" "$OUT/walked" || bad=1
exit "$bad"
