# shellcheck shell=bash
# Helpers of run.sh and mutants.sh. Source it.

FID=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$FID/../lab/lib.sh"

# shellcheck disable=SC2034 # for those who source it
FID_OUT=$TREE/build/fidelity

# clean_copy NAME: this tree's sources in the lab's root, at /src/NAME.
clean_copy() {
	rm -rf "${ROOT:?}/src/$1"
	mkdir -p "$ROOT/src/$1"
	tar -C "$TREE" -c --exclude=./build --exclude=./.git --exclude='*.o' \
		--exclude='*.ko' --exclude='*.mod' --exclude='*.mod.c' \
		--exclude='.*.cmd' . | tar -x -C "$ROOT/src/$1"
}

# kbuild KERNEL DIR OUT [NAME=VALUE...]: the modules of DIR, a path in the
# lab's root, go to OUT.
kbuild() {
	local release dir=$2 out=$3
	release=$(cat "$CACHE/kernels/$ROOT_ID/$1/release")
	shift 3
	in_root nice make -j"$(nproc)" -C "/lib/modules/$release/build" "$@" \
		M="$dir" modules || return
	mkdir -p "$out"
	find "$ROOT$dir" -name '*.ko' -exec cp -t "$out" {} +
}

# folder_ko FOLDER KERNEL: build the modules of tests/FOLDER/ko unless they are
# in the cache; print where.
folder_ko() {
	local id out log=$TREE/build/logs/build-$1-$2.log
	id=$(hash_tree "tests/$1/ko" include)
	out=$CACHE/built/$ROOT_ID/$1-$id-$2
	if [ ! -d "$out" ]; then
		info "building the modules of tests/$1/ko for $2"
		rm -rf "$out.new"
		mkdir -p "${log%/*}"
		clean_copy "$1-$2"
		kbuild "$2" "/src/$1-$2/tests/$1/ko" \
			"$out.new/lab/ko" W=1 KCFLAGS=-Werror >"$log" 2>&1 || {
			tail -n 25 "$log" >&2
			die "tests/$1/ko does not build for $2; log: $log"
		}
		rm -rf "${ROOT:?}/src/$1-$2"
		mv "$out.new" "$out"
	fi
	printf '%s\n' "$out"
}
fid_ko() { folder_ko fidelity "$1"; }

# fid_stage DIR: what a guest needs of this folder.
fid_stage() {
	mkdir -p "$1/lab/fidelity"
	cp -r "$FID/guest" "$FID/scenarios" "$1/lab/fidelity/"
}

# fid_boot KERNEL LOG TIMEOUT STAGE COMMAND...: one guest; prints its output.
# FID_SKIP: more parts not to build.
fid_boot() {
	local kernel=$1 log=$2 limit=$3 stage=$4 ko
	shift 4
	ko=$(fid_ko "$kernel")
	"$LAB/vm.sh" --skip "test,owners${FID_SKIP:-}" --timeout "$limit" --log "$log" \
		--add "$ko" --add "$stage" "$kernel" -- "$@"
}

# verdicts_of OUTPUT PASS: the lines of a reference, from what a guest printed.
verdicts_of() {
	tr -d '\r' <"$1" | awk -F '\t' -v OFS='\t' -v pass="$2" \
		'$1 == "FID" && $2 == pass { $1 = $2 = ""; print substr($0, 3) }'
}

# chosen FILE [SCENARIO...]: the stored reference, of these scenarios.
chosen() {
	local file=$1
	shift
	[ $# -gt 0 ] || set -- '*'
	while IFS= read -r line; do
		for pattern; do
			# shellcheck disable=SC2053 # a pattern
			[[ ${line%%$'\t'*} = $pattern ]] || continue
			printf '%s\n' "$line"
			break
		done
	done < <(grep -v '^#' "$file")
}
