#!/bin/bash
# Run the cases on all kernels, in as few boots as they allow; print TAP.
# usage: run.sh [CASE...]          (CASE: a name below tests/cases, no .sh)
#	KERNELS="6.18.15 7.1.13"   only these kernels, all cases; "all": every case
#	                           on every kernel that has cases of its own;
#	                           "next": the newest that the distribution has
#	JOBS=2                     guests at the same time
# For a slower kernel (tests/debug/run.sh) or a busy machine:
#	NETMEM_TX_SLOW=1           time limits times this, on both sides
#	NETMEM_TX_WRAP=""          a command in the guest that runs the cases
#	NETMEM_TX_VM_ARGS=""       more options of vm.sh
# Kernels called VERSION-debug and VERSION-kcsan run the cases of VERSION.
#
# A case says in its first lines where it runs:
#	# kernels: all | module | native | VERSION... | !VERSION...
#	           (module: those below 7.2; native: 7.2 and later)
#	# boot: default noinit ...   each word its own guest, see boot_args
#	# timeout: SECONDS           default 120
#	# where: host                on this machine, with KERNEL set
#	# core: yes | VERSION...     runs on CORE_KERNELS, or on these of them, too
#	                             when no kernel is named
# Last line: "N passed, N failed", and ", N skipped" if any. Exit 1 on failure.
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

# What CI runs has to end in 45 minutes: all cases on the LTS kernel and on
# native, and what depends on the version on the others.
FULL_KERNELS="6.18.15 7.2.12"
# These get the core cases, unless they are named.
CORE_KERNELS="7.1.13 6.16.12 6.17.13 6.18.5 6.19.14 7.0.13 7.3.4"
case ${KERNELS:-} in
'') KERNELS="$FULL_KERNELS $CORE_KERNELS" ;;
all)
	KERNELS="$FULL_KERNELS 7.1.13 6.16.12 6.17.13 6.18.5 6.19.14 7.0.13 7.3.4"
	CORE_KERNELS="6.17.13 6.18.5 6.19.14 7.0.13 7.3.4"
	;;
*) CORE_KERNELS='' ;;
esac
JOBS=${JOBS:-2}
OUT=$TREE/build/check
CASES_A_BOOT=8
SLOW=${NETMEM_TX_SLOW:-1}
read -ra VM_ARGS <<<"${NETMEM_TX_VM_ARGS:-}"
read -ra WRAP <<<"${NETMEM_TX_WRAP:-}"
export NETMEM_TX_CASE_TIMEOUT

# boot_args VARIANT: options of vm.sh.
boot_args() {
	case $1 in
	default) ;;
	noinit) printf '%s\n' --append "init_on_alloc=0 init_on_free=0" ;;
	callthunks) printf '%s\n' --append "retbleed=stuff" ;;
	smp1) printf '%s\n' --smp 1 ;;
	icount) printf '%s\n' --icount ;;
	*) die "no boot variant named $1: see boot_args in tests/lab/run.sh" ;;
	esac
}

header() { # CASE WORD DEFAULT
	local value
	value=$(sed -n "1,20s/^# $2: *//p" "$TREE/tests/cases/$1.sh" | head -1)
	printf '%s\n' "${value:-$3}"
}

is_native() { ! "$TREE/scripts/dkms-pre-build.sh" "$1" >/dev/null; }

only_core() { [[ " $CORE_KERNELS " = *" $1 "* ]]; }

# runs_on CASE KERNEL
runs_on() {
	local word yes=1
	set -- "$1" "${2%%-*}"
	if only_core "$2"; then
		[[ " $(header "$1" core no) " =~ \ (yes|"$2")\  ]] || return 1
	fi
	for word in $(header "$1" kernels all); do
		case $word in
		all | "$2") yes=0 ;;
		module) is_native "$2" || yes=0 ;;
		native) ! is_native "$2" || yes=0 ;;
		"!$2") return 1 ;;
		esac
	done
	return "$yes"
}

# guest_limit CASE...: seconds for a guest, with its start.
guest_limit() {
	local limit=90 name
	for name; do
		limit=$((limit + $(header "$name" timeout 120)))
	done
	echo "$limit"
}

host_limit() { header "$1" timeout 300; }

# job KERNEL BOOT NUMBER CASE...: one guest; its TAP goes to a file.
job() {
	local kernel=$1 boot=$2 id="$1-$2-$3" rc=0 args=() limit
	shift 3
	limit=$(guest_limit "$@")
	mapfile -t args < <(boot_args "$boot")
	"$LAB/vm.sh" --log "$OUT/$id" --timeout "$((limit * SLOW))" "${VM_ARGS[@]}" \
		"${args[@]}" "$kernel" -- env NETMEM_TX_SLOW="$SLOW" "${WRAP[@]}" \
		/lab/guest/run-cases "$@" >"$OUT/$id.out" 2>"$OUT/$id.err" || rc=$?
	merge "$kernel" "$boot" "$@" <"$OUT/$id.out" >"$OUT/$id.tap.new"
	if [ "$rc" -le 1 ]; then
		echo "ok - $kernel: boot $boot: log clean, power-off clean"
	else
		echo "not ok - $kernel: boot $boot: log clean, power-off clean"
		sed 's/^/# /' "$OUT/$id.err"
	fi >>"$OUT/$id.tap.new"
	mv "$OUT/$id.tap.new" "$OUT/$id.tap"
}

# host_job KERNEL CASE
host_job() {
	local id=$1-host-$2 rc=0 start=$SECONDS
	KERNEL=$1 timeout "$(host_limit "$2")" \
		bash "$TREE/tests/cases/$2.sh" >"$OUT/$id.out" 2>"$OUT/$id.err" || rc=$?
	[ "$rc" = 0 ] || {
		echo "not ok - runs to its end"
		sed 's/^/# /' "$OUT/$id.err" | tail -n 20
	} >>"$OUT/$id.out"
	{
		echo "NMTX-CASE $2"
		cat "$OUT/$id.out"
		echo "# $2 took $((SECONDS - start)) s"
	} | merge "$1" default "$2" >"$OUT/$id.tap.new"
	mv "$OUT/$id.tap.new" "$OUT/$id.tap"
}

# merge KERNEL BOOT CASE...: a guest's output to lines "ok - kernel: case: name".
merge() {
	local kernel=$1 boot=$2
	shift 2
	[ "$boot" = default ] || kernel="$kernel $boot"
	tr -d '\r' | awk -v kernel="$kernel" -v cases="$*" '
		BEGIN { n = split(cases, want, " ") }
		/^NMTX-CASE / { name = $2; next }
		/^# .* took [0-9]+ s$/ { done[$2] = 1 }
		/^(not )?ok - / {
			sub(/ok - /, "ok - " kernel ": " name ": ")
			print; next
		}
		/^$/ { next }
		{ print (/^#/ ? "" : "# ") $0 }
		END {
			for (i = 1; i <= n; i++)
				if (!done[want[i]])
					print "not ok - " kernel ": " want[i] ": ends"
		}'
}

# plan: lines "guest KERNEL BOOT NUMBER CASE..." or "host KERNEL CASE".
plan() {
	local kernel name boot boots=()
	for kernel in $KERNELS; do
		for name; do
			runs_on "$name" "$kernel" || continue
			if [ "$(header "$name" where guest)" = host ]; then
				echo "host $kernel $name"
			else
				for boot in $(header "$name" boot default); do
					boots+=("$kernel $boot $name")
				done
			fi
		done
	done
	printf '%s\n' "${boots[@]}" | awk -v max="$CASES_A_BOOT" '
		NF { key = $1 " " $2
		  if (!(key in list)) order[++n] = key
		  list[key] = list[key] " " $3 }
		END { for (i = 1; i <= n; i++) {
			count = split(list[order[i]], c, " "); line = ""
			for (j = 1; j <= count; j++) {
				line = line " " c[j]
				if (j % max == 0 || j == count) {
					print "guest " order[i] " " ++part[i] line
					line = ""
				}
			}
		} }'
}

# The plan, what may take longest first: else a long guest is alone at the end.
longest_first() {
	local where kernel rest
	while read -r where kernel rest; do
		# shellcheck disable=SC2086 # a list of words
		if [ "$where" = host ]; then
			host_limit "$rest"
		else
			guest_limit ${rest#* * }
		fi | tr '\n' ' '
		echo "$where $kernel $rest"
	done | sort -s -k1,1nr | cut -d ' ' -f 2-
}

# Print the TAP files that are new, with numbers.
report() {
	local file
	for file in "$OUT"/*.tap; do
		if [ ! -e "$file" ] || [ -e "$file.shown" ]; then continue; fi
		: >"$file.shown"
		awk -v n="$(cat "$OUT/count")" -v count="$OUT/count" '
			/^not ok - / { n++; sub(/^not ok - /, "not ok " n " - ") }
			/^ok - / { n++; sub(/^ok - /, "ok " n " - ") }
			{ print }
			END { print n > count }' "$file" | tee -a "$OUT/all"
	done
}

prepare() {
	local kernel building=''
	need_root
	need_lab_tools
	rm -rf "$OUT"
	mkdir -p "$OUT"
	echo 0 >"$OUT/count"
	: >"$OUT/all"
	find_next
	# One is unpacked while another is built for.
	for kernel in $KERNELS; do
		"$LAB/root.sh" "$kernel"
		[ -z "$building" ] || wait "$building"
		"$LAB/build.sh" "$kernel" &
		building=$!
	done
	wait "$building"
}

# "next" by its version; it gets the core cases.
NEXT=
find_next() {
	[[ " $KERNELS " = *' next '* ]] || return 0
	NEXT=$("$LAB/next.sh")
	KERNELS=${KERNELS/next/$NEXT}
	CORE_KERNELS+=" $NEXT"
}

# What came of it: native, supported, or refused.
tell_next() {
	local what=refused
	[ -n "$NEXT" ] || return 0
	if is_native "$NEXT"; then
		what="native, the module is not needed there"
	elif grep -q "^ok .* $NEXT: 10-send: module loads" "$OUT/all"; then
		what="supported, the module loads there"
	fi
	echo "# newest kernel: $NEXT: $what"
}

run_all() {
	local where kernel rest
	while read -r where kernel rest; do
		while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
			wait -n || true
			report
		done
		info "$where $kernel $rest"
		# shellcheck disable=SC2086 # a list of words
		"$([ "$where" = host ] && echo host_job || echo job)" "$kernel" $rest </dev/null &
	done
	while [ -n "$(jobs -rp)" ]; do
		wait -n || true
		report
	done
	report
}

summary() {
	awk '/^ok .*# SKIP/ { s++; next } /^ok / { p++ } /^not ok / { f++ }
		END {
			printf "%d passed, %d failed", p, f
			if (s) printf ", %d skipped", s
			print ""
			exit f > 0 || p == 0
		}' "$OUT/all"
}

all_cases() { (cd "$TREE/tests/cases" && printf '%s\n' *.sh | sed 's/\.sh$//'); }

# A function, so that an edit of this file does not change a run.
main() {
	local names
	prepare
	if [ $# = 0 ]; then
		mapfile -t names < <(all_cases)
		set -- "${names[@]}"
	fi
	plan "$@" | longest_first >"$OUT/plan"
	run_all <"$OUT/plan"
	echo "1..$(cat "$OUT/count")"
	tell_next
	summary
}
main "$@"
