# shellcheck shell=bash
# Others that take the functions netmem_tx hooks, and how the module takes it
# when it is refused. After lib.sh.
#
#	owner_on OWNER FUNCTION...    says "on", or the name of the errno
#	owner_off OWNER
#	owner_saw OWNER FUNCTION      has it seen a call?
# OWNER: fentry, fexit (BPF), livepatch, kprobe, kprobe_post (with a post
# handler), function, graph (the kernel's tracers). A livepatch has one
# function, the others any number.

TRACING=/sys/kernel/tracing
OWNER_PINS=/sys/fs/bpf/owner
KLP=/sys/kernel/livepatch/owner_klp

errno_of() {
	case $1 in
	*'resource busy'*) echo EBUSY ;;
	*'Invalid '*) echo EINVAL ;;
	*) echo "$1" ;;
	esac
}

with_commas() {
	local IFS=,
	echo "$*"
}

# BPF answers EAGAIN while it still takes a program of its own away.
owner_insmod() { # MODULE PARAMETER...
	local said tries=20
	until said=$(insmod "$LAB/ko/$1.ko" "${@:2}" 2>&1); do
		if [[ $said != *'temporarily unavailable'* ]] || ((!tries--)); then
			errno_of "$said"
			return
		fi
		sleep 0.1
	done
	echo on
}

owner_bpf() { # fentry|fexit FUNCTION...
	local said
	mkdir -p "$OWNER_PINS"
	sysctl -qw kernel.bpf_stats_enabled=1
	if said=$(bpf_owner "$1" "$OWNER_PINS" "${@:2}" 2>/dev/null); then
		echo on
	else
		echo "$said"
	fi
}

owner_tracer() { # TRACER FUNCTION...
	local said
	printf '%s\n' "${@:2}" >"$TRACING/set_ftrace_filter"
	if said=$( (printf '%s\n' "$1" >"$TRACING/current_tracer") 2>&1); then
		echo on
	else
		errno_of "$said"
	fi
}

owner_on() {
	local owner=$1 said
	shift
	case $owner in
	fentry | fexit) owner_bpf "$owner" "$@" ;;
	kprobe) owner_insmod owner_kprobe "funcs=$(with_commas "$@")" ;;
	kprobe_post) owner_insmod owner_kprobe "funcs=$(with_commas "$@")" post=1 ;;
	function) owner_tracer function "$@" ;;
	graph) owner_tracer function_graph "$@" ;;
	livepatch)
		said=$(owner_insmod owner_klp "func=$1")
		[ "$said" != on ] || wait_for 20 grep -q 0 "$KLP/transition"
		echo "$said"
		;;
	esac
}

klp_gone() { [ ! -e "$KLP" ]; }

owner_off() {
	case $1 in
	fentry | fexit) rm -rf "${OWNER_PINS:?}"/* ;;
	kprobe | kprobe_post) [ ! -d /sys/module/owner_kprobe ] || rmmod owner_kprobe ;;
	function | graph)
		echo nop >"$TRACING/current_tracer"
		echo >"$TRACING/set_ftrace_filter"
		;;
	livepatch)
		klp_gone && return
		echo 0 >"$KLP/enabled"
		wait_for 20 klp_gone
		wait_for 5 rmmod owner_klp
		;;
	esac
}

# The counts of owner_kprobe.ko stand in the order of its functions.
kprobe_hits() { # FUNCTION
	local dir=/sys/module/owner_kprobe/parameters
	paste <(tr , '\n' <"$dir/funcs") <(tr , '\n' <"$dir/hits") |
		awk -v f="$1" '$1 == f { print $2 }'
}

owner_saw() {
	case $1 in
	fentry | fexit) [ "$(bpf_owner runs "$OWNER_PINS/$2")" -gt 0 ] ;;
	kprobe | kprobe_post) [ "$(kprobe_hits "$2")" -gt 0 ] ;;
	function | graph) grep -qw "$2" "$TRACING/trace" ;;
	esac
}

# How many hold FUNCTION now; 0 when nobody does.
holders() {
	sed -n "s/^$1 (\([0-9]*\)).*/\1/p" "$TRACING/enabled_functions" | grep . || echo 0
}
we_hold() { # FUNCTION: our handler, or our direct call, is at it
	grep -A1 "^$1 (" "$TRACING/enabled_functions" | grep -q '\[netmem_tx\]' ||
		{ [ "$(holders "$1")" -gt 1 ] && [ -d /sys/module/netmem_tx ]; }
}

# --- refusals -----------------------------------------------------------

# Log lines of the module since log_mark, but for those about its signature.
log_mark() { dmesg -C; }
log_lines() {
	dmesg -t | sed -n 's/^netmem_tx: //p' | grep -v ' taint' || true
}

# load_refused REGEX COMMAND...: it fails, with one line that matches, and
# leaves nothing behind.
load_refused() {
	local regex=$1
	shift
	log_mark
	if "$@" 2>&1; then
		rmmod netmem_tx
		complain "loaded"
		return 1
	fi
	log_lines
	[ "$(log_lines | wc -l)" = 1 ] && log_lines | grep -Eq "$regex" && nothing_left
}

nothing_left() {
	[ ! -d /sys/module/netmem_tx ] &&
		! grep netmem_tx "$TRACING/enabled_functions" &&
		! grep kallsyms_lookup_name /sys/kernel/debug/kprobes/list &&
		! nmtx status 2>/dev/null
}
