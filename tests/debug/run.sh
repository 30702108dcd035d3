#!/bin/bash
# Run the cases of tests/cases on a kernel with KASAN, lockdep, kmemleak and
# more (debug.config), built once by build.sh. Any report fails the run; after
# the cases of each boot kmemleak scans twice.
# usage: run.sh [CASE...]             all cases, or these
#        run.sh --prove [FAULT...]    show that faults are reported (samples/)
#        run.sh --shell COMMAND...    one command in a guest with this kernel
#	KERNELS="6.18.15 7.1.13"   kernels to build (versions of kernels.pins);
#	                 --prove and --shell take the first. KERNEL= is the same
#	KCSAN=1          one that looks for data races instead, on two real threads
#	JOBS=2           guests at the same time
#	NETMEM_TX_SLOW=1 time limits times this
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"
# shellcheck source=tests/debug/lib.sh
. "$(dirname "$0")/lib.sh"

KERNELS=${KERNELS:-${KERNEL:-6.18.15 7.1.13}}
kind=debug
watch=/lab/debug/with-kmemleak
VM_ARGS="--mem 3G"
# A race needs two CPUs at work at the same time. They take two of ours.
if [ -n "${KCSAN:-}" ]; then
	kind=kcsan
	watch=/lab/debug/with-kcsan
	export JOBS=1 NETMEM_TX_ACCEL=tcg,thread=multi
fi

# FAULT, and what the log or the output says about it.
declare -A FAULTS=(
	[uaf]='BUG: KASAN: slab-use-after-free in do_uaf'
	[oob]='BUG: KASAN: slab-out-of-bounds in do_oob'
	[sleep]='BUG: sleeping function called from invalid context'
	[leak]='kmemleak: [1-9][0-9]* unreferenced objects'
	[lock]='possible circular locking dependency detected'
	[timer]='ODEBUG: free active'
	[shift]='UBSAN: shift-out-of-bounds'
	[ref]='refcount_t: addition on 0'
	[rtnl]='RTNL: assertion failed'
	[unbind]='device driver has pending DMA allocations'
	[race]='BUG: KCSAN: data-race in .*race'
	[md5]='BUG: KASAN|Oops: '
	[nft]='WARNING: .*(net/core/skbuff.c|skb_checksum)'
	[nic]='BUG: KASAN: [a-z-]* in (netdev_nl_sock_priv_destroy|__mutex_lock|.*lock)'
)
# All but the last four are of samples/; those are the stock kernel's.
FAULT_NAMES="uaf oob sleep leak lock timer shift ref rtnl unbind nic md5 nft"
[ -z "${KCSAN:-}" ] || FAULT_NAMES=race

# prepare VERSION...: the kernels, their NAMES, and what their guests need.
prepare() {
	local kernel
	NAMES=()
	for kernel; do
		NAMES+=("${kernel%%-*}-$kind")
		debug_kernel "${NAMES[-1]}"
	done
	extra=$(mktemp -d)
	trap 'rm -rf "$extra"' EXIT
	debug_guest "$extra"
	mkdir -p "$extra/lab/ko"
}

build_samples() {
	local work=$ROOT/src/debug-samples release
	release=$(cat "$CACHE/kernels/$ROOT_ID/${NAMES[0]}/release")
	rm -rf "$work"
	cp -a "$DEBUG/samples" "$work"
	in_root nice make -s -C "/lib/modules/$release/build" \
		M=/src/debug-samples modules >&2 || die "tests/debug/samples does not build"
	cp "$work"/*.ko "$extra/lab/ko/"
	rm -rf "$work"
}

# guest LOG COMMAND...: status of vm.sh.
guest() {
	local log=$1
	shift
	# shellcheck disable=SC2086 # a list of words
	"$LAB/vm.sh" --log "$log" --timeout $((120 * SLOW)) $VM_ARGS --add "$extra" \
		"${NAMES[0]}" -- "$@" >"$extra/out" 2>"$extra/err"
}

# With FAULT the boot must fail and name it; with "none" it must pass.
prove_one() {
	local rc=0 log=$TREE/build/logs/prove-$1 what
	what="$watch insmod /lab/ko/nmtx_bad.ko fault=$1"
	case $1 in unbind | nic | md5 | nft) what=/lab/debug/stock-$1 ;; esac
	# shellcheck disable=SC2086 # words
	guest "$log" $what || rc=$?
	if [ "$1" = none ]; then
		[ "$rc" = 0 ] && return
	elif [ "$rc" != 0 ] &&
		grep -Eaq -- "${FAULTS[$1]}" "$log/kernel.log" "$log/output.log"; then
		return
	fi
	printf '# status %d, log: %s\n' "$rc" "$log"
	tail -n 10 "$extra/out" "$extra/err" | sed 's/^/# /'
	return 1
}

prove() {
	local fault n=0 failed=0 why what
	build_samples
	for fault in none "$@"; do
		[ "$fault" = none ] || [ -n "${FAULTS[$fault]:-}" ] ||
			die "no fault $fault; there are: $FAULT_NAMES"
		n=$((n + 1))
		what="fault $fault fails the boot"
		[ "$fault" != none ] || what="a module without fault passes"
		if why=$(prove_one "$fault"); then
			echo "ok $n - $what"
		else
			printf 'not ok %d - %s\n%s\n' "$n" "$what" "$why"
			failed=$((failed + 1))
		fi
	done
	echo "1..$n"
	echo "$((n - failed)) passed, $failed failed"
	[ "$failed" = 0 ]
}

need_root
need_lab_tools
mode=cases
case ${1:-} in
--prove | --shell) mode=${1#--} && shift ;;
--*) die "usage: run.sh [CASE...] | --prove [FAULT...] | --shell COMMAND..." ;;
esac
read -ra versions <<<"$KERNELS"
[ "$mode" = cases ] || versions=("${versions[0]}")
prepare "${versions[@]}"
case $mode in
prove)
	# shellcheck disable=SC2086 # a list of words
	[ $# -gt 0 ] || set -- $FAULT_NAMES
	prove "$@"
	;;
shell)
	"$LAB/vm.sh" --log "$TREE/build/logs/debug-shell" --timeout $((120 * SLOW)) \
		--mem 3G --add "$extra" "${NAMES[0]}" -- "$@"
	;;
cases)
	# Those in which two CPUs meet.
	if [ -n "${KCSAN:-}" ] && [ $# = 0 ]; then
		set -- 10-send 15-bystanders 30-isolation 40-lifetime 60-unload 65-control
	fi
	KERNELS=${NAMES[*]} NETMEM_TX_SLOW=$SLOW NETMEM_TX_VM_ARGS="$VM_ARGS --add $extra" \
		NETMEM_TX_WRAP="env NETMEM_TX_SLOW=$SLOW $watch" \
		"$LAB/run.sh" "$@"
	;;
esac
