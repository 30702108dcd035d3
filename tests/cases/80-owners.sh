#!/bin/bash
# Others that take the functions netmem_tx hooks: what happens in each case.
# kernels: 6.18.15 7.1.13
# boot: smp1
# timeout: 900
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/owners.sh
. "$LAB/guest/owners.sh"

# both      both are at the function, and both work
# direct, ipmodify   so too; how our transmit hook is attached
# EBUSY     who came second is refused; we by lease add or bind-tx. A kprobe is
#           not told that it is not there, and from 7.1 on BPF is told EINVAL
# refused   the module is not loaded, one line on the log names the function
#
# load: what is hooked from load on, but for those who read packets: read. BPF
# cannot have all of these (two have a "..."). xmit: the transmit hook.
#
# owner     hooks  hook=     owner first  we first
TABLE='
fentry      load   any       both         both
fexit       load   any       both         both
livepatch   load   any       refused      EBUSY
kprobe      load   any       both         both
kprobe_post load   any       refused      EBUSY
function    load   any       both         both
graph       load   any       both         both

livepatch   read   any       refused      EBUSY
kprobe      read   any       both         both
kprobe_post read   any       refused      EBUSY
function    read   any       both         both
graph       read   any       both         both

fentry      xmit   direct    EBUSY        EBUSY
fentry      xmit   ipmodify  ipmodify     ipmodify
fentry      xmit   auto      ipmodify     EBUSY
fexit       xmit   direct    EBUSY        EBUSY
fexit       xmit   ipmodify  ipmodify     ipmodify
fexit       xmit   auto      ipmodify     EBUSY
livepatch   xmit   direct    EBUSY        EBUSY
livepatch   xmit   ipmodify  EBUSY        EBUSY
livepatch   xmit   auto      EBUSY        EBUSY
kprobe      xmit   direct    direct       direct
kprobe      xmit   ipmodify  ipmodify     ipmodify
kprobe      xmit   auto      direct       direct
kprobe_post xmit   direct    EBUSY        EBUSY
kprobe_post xmit   ipmodify  EBUSY        EBUSY
kprobe_post xmit   auto      EBUSY        EBUSY
function    xmit   direct    direct       direct
function    xmit   ipmodify  ipmodify     ipmodify
function    xmit   auto      direct       direct
graph       xmit   direct    direct       direct
graph       xmit   ipmodify  ipmodify     ipmodify
'
LOAD_HOOKS=(netdev_nl_bind_tx_doit net_devmem_get_binding
	net_devmem_unbind_dmabuf __net_devmem_dmabuf_binding_free)
XMIT_HOOKS=(validate_xmit_skb skb_segment skb_copy_and_csum_bits)
READ_HOOKS=()
kernel_ge 7.1 || READ_HOOKS+=(nf_queue nf_log_packet nf_log_trace)
for function in tcp_sigpool_hash_skb_data tcp_md5_hash_skb_data; do
	! grep -q " T $function$" /proc/kallsyms || READ_HOOKS+=("$function")
done
BPF_HOOKS=("${LOAD_HOOKS[@]}" "${XMIT_HOOKS[@]}")
ALL_HOOKS=("${BPF_HOOKS[@]}" "${READ_HOOKS[@]}")
declare -A WANT=() # by "OWNER load|xmit HOOK owner|we"
while read -r owner class hook first second; do
	key="$owner $class $hook"
	[ -z "$second" ] || WANT+=(["$key owner"]=$first ["$key we"]=$second)
done <<<"$TABLE"
CELLS=()

class_of() {
	case $1 in
	validate_xmit_skb | skb_segment | skb_copy_and_csum_bits) echo xmit ;;
	nf_* | tcp_*) echo read ;;
	*) echo load ;;
	esac
}

# cell OWNER FUNCTION HOOK owner|we GOT: compare with the table.
cell() {
	local hook=$3 class name="$1 and we" want
	class=$(class_of "$2")
	[ "$class" = xmit ] || hook=any
	[ "$4" = owner ] || name="we and $1"
	want="$1 $class $hook $4"
	want=${WANT[$want]:-not in the table}
	CELLS+=("$1 $hook $4 $2")
	is "$name at $2, hook=$3: $want" "$5" "$want"
}

cells_not_run() {
	local key owner class hook first functions
	for key in "${!WANT[@]}"; do
		read -r owner class hook first <<<"$key"
		case $class in
		load) functions=("${LOAD_HOOKS[@]}") ;;
		read) functions=("${READ_HOOKS[@]}") ;;
		xmit) functions=("${XMIT_HOOKS[@]}") ;;
		esac
		printf "$owner $hook $first %s\n" "${functions[@]}"
	done | grep -vxF -f <(printf '%s\n' "${CELLS[@]}")
}

backend_now() { nmtx status | sed -n 's/^backend //p'; }

# What two who are both there have come to: for cell.
together() { # FUNCTION
	if ! we_hold "$1" || [ "$(holders "$1")" != 2 ]; then
		grep -A1 "^$1 " "$TRACING/enabled_functions" || echo nobody
	elif [ "$(class_of "$1")" = xmit ]; then
		backend_now
	else
		echo both
	fi
}

through_netkit() {
	has_kernel_leases || lease_add nk_guest || true
	transfer remote 10.2.0.2 --size 64k
}
# The stock functions go on: BPF calls them by an address that we gave it.
by_nicA() { WITH_RUN=here WITH_DEV=nicA transfer remote 10.2.0.2 --size 64k; }

saw_all() { # OWNER FUNCTION...
	local function
	for function in "${@:2}"; do
		case $function in
		skb_segment | skb_copy_and_csum_bits | nf_* | tcp_*) continue ;; # not here
		esac
		wait_for 5 owner_saw "$1" "$function" ||
			{ complain "$function was not seen" && return 1; }
	done
}

both_work() { # NAME OWNER FUNCTION...
	check "$1: a send through netkit" through_netkit
	case $2 in
	fexit) check "$1: a send by nicA" by_nicA ;;
	esac
	check "$1: $2 sees the calls" saw_all "${@:2}"
}

# --- the owner first ----------------------------------------------------

first_owner_refuses_load() { # OWNER
	local owner=$1 function got
	for function in "${LOAD_HOOKS[@]}" "${READ_HOOKS[@]}"; do
		got=$(owner_on "$owner" "$function")
		if [ "$got" = on ]; then
			try load_refused "refused: $function is owned by a livepatch" \
				modprobe netmem_tx
			got=refused
			[ "$TAP_RC" = 0 ] || got=$(last_output)
		fi
		cell "$owner" "$function" any owner "$got"
		owner_off "$owner"
	done
}

demand() { # what attaches the transmit hook
	if has_kernel_leases; then
		in_guest devmem_send --ifname nk_guest --size 4096 --bind-only </dev/null
	else
		lease_add nk_guest
	fi
}
demand_is_refused() {
	local said
	if said=$(demand 2>&1); then
		return 1
	fi
	echo "$said"
	grep -qi busy <<<"$said" && grep -q "Transmit hook is taken: $1" <<<"$said"
}

first_owner_refuses_xmit() { # HOOK OWNER...
	local hook=$1 owner function got text
	shift
	module_load "hook=$hook"
	for owner; do
		for function in "${XMIT_HOOKS[@]}"; do
			got=$(owner_on "$owner" "$function")
			if [ "$got" = on ]; then
				[ "$hook" = direct ] && text=another || text=$function
				try demand_is_refused "$text has a"
				got=EBUSY
				[ "$TAP_RC" = 0 ] || got=$(last_output)
			fi
			cell "$owner" "$function" "$hook" owner "$got"
			owner_off "$owner"
			sleep 1.1 # the answer to a second try may be that of the first
		done
	done
	is "hook=$hook, refused: no transmit hook" "$(holders validate_xmit_skb)" 0
	check "hook=$hook, they are gone: the hook is attached" demand
	for function in "${XMIT_HOOKS[@]}"; do
		is "hook=$hook: it is at $function" "$(holders "$function")" 1
	done
	rmmod netmem_tx
}

# first_owner_shares OWNER "HOOK..." FUNCTION...: with each hook= we come and
# go, but with the last one it is the owner who goes first.
first_owner_shares() {
	local owner=$1 hooks=$2 hook function
	shift 2
	owner_on "$owner" "$@" >/dev/null
	for hook in $hooks; do
		check "$owner at $*: loads, hook=$hook" module_load "hook=$hook" attach=always
		for function; do
			cell "$owner" "$function" "$hook" owner "$(together "$function")"
		done
		both_work "$owner, then hook=$hook" "$owner" "$@"
		[ "$hook" != "${hooks##* }" ] || break
		check "$owner stays, we go" rmmod netmem_tx
		is "$owner is still at $1" "$(holders "$1")" 1
	done
	check "$owner goes, we stay" owner_off "$owner"
	check "a send through netkit without $owner" through_netkit
	check "we go" rmmod netmem_tx
	is "nobody is at $1" "$(holders "$1")" 0
}

# --- we first -----------------------------------------------------------

# 6.18 warns when a kprobe finds its function taken, whoever has it.
kprobe_warns() { ! kernel_ge 7.1; }

second_is_refused() { # HOOK OWNER FUNCTION...
	local hook=$1 owner=$2 function got warns=0
	shift 2
	[ "$owner" != kprobe_post ] || ! kprobe_warns || warns=1
	for function; do
		if [ "$warns" = 1 ]; then
			quiet_sysctl kernel.panic_on_warn=0
			expect_log_begin 'arm_kprobe|Call Trace'
		fi
		got=$(owner_on "$owner" "$function")
		if [ "$warns" = 1 ]; then
			expect_log_end
			quiet_sysctl kernel.panic_on_warn=1
		fi
		if [ "$(holders "$function")" = 1 ]; then
			case $owner:$got in
			kprobe_post:on) got=EBUSY ;;
			fentry:EINVAL | fexit:EINVAL) ! kernel_ge 7.1 || got=EBUSY ;;
			esac
		fi
		cell "$owner" "$function" "$hook" we "$got"
		owner_off "$owner"
	done
}

second_shares() { # HOOK OWNER FUNCTION...
	local hook=$1 owner=$2 function
	shift 2
	is "hook=$hook: $owner comes" "$(owner_on "$owner" "$@")" on
	for function; do
		cell "$owner" "$function" "$hook" we "$(together "$function")"
	done
	both_work "hook=$hook, then $owner" "$owner" "$@"
	owner_off "$owner"
}

# The owners stay, we go.
we_go() {
	local owner=function
	[ "$1" = direct ] || owner=kprobe
	owner_on fexit "${LOAD_HOOKS[@]}" >/dev/null
	owner_on "$owner" "${ALL_HOOKS[@]}" >/dev/null
	check "we go before fexit and $owner" rmmod netmem_tx
	is "they are still there" "$(holders "${LOAD_HOOKS[0]}")" 2
	owner_off fexit
	owner_off "$owner"
}

we_first() { # HOOK SHARING-OWNER...
	local hook=$1 owner
	shift
	check "we first, hook=$hook" module_load "hook=$hook" attach=always
	for owner; do
		case $owner in
		fentry | fexit) second_shares "$hook" "$owner" "${BPF_HOOKS[@]}" ;;
		*) second_shares "$hook" "$owner" "${ALL_HOOKS[@]}" ;;
		esac
	done
	for owner in livepatch kprobe_post; do
		second_is_refused "$hook" "$owner" "${XMIT_HOOKS[@]}"
		[ "$hook" != ipmodify ] || second_is_refused any "$owner" \
			"${LOAD_HOOKS[@]}" "${READ_HOOKS[@]}"
	done
	[ "$hook" = ipmodify ] || for owner in fentry fexit; do
		second_is_refused "$hook" "$owner" "${XMIT_HOOKS[@]}"
	done
	check "hook=$hook: a send through netkit afterwards" through_netkit
	we_go "$hook"
}

# --- the kernel alone ---------------------------------------------------

# Since 7.1 all direct calls of BPF are in one ops. Where ftrace changes one, it
# asks BPF about each that meets an IPMODIFY, and BPF warns that it does not hold
# the others' mutex: with lockdep, once. Here others bring it to that, not we.
bpf_warns() { kernel_ge 7.1 && [ -e /proc/lockdep ]; }
let_bpf_warn() {
	quiet_sysctl kernel.panic_on_warn=0
	expect_log_begin 'bpf_tramp_ftrace_ops_func|Call Trace'
	owner_on fexit validate_xmit_skb skb_segment >/dev/null
	owner_on livepatch validate_xmit_skb >/dev/null
	owner_on kprobe_post skb_segment >/dev/null
	owner_off kprobe_post
	owner_off livepatch
	owner_off fexit
	expect_log_end
	quiet_sysctl kernel.panic_on_warn=1
}

# --- all ----------------------------------------------------------------

check "topology comes up" topology_up
! has_kernel_leases || check "the kernel's lease" lease_add nk_guest
! bpf_warns || let_bpf_warn

first_owner_refuses_load livepatch
first_owner_refuses_load kprobe_post
owner_on fentry validate_xmit_skb >/dev/null
check "attach=always, hook=direct under fentry: one line says so" \
	load_refused "refused: attach=always, hook=direct, but another has a direct call" \
	modprobe netmem_tx hook=direct attach=always
owner_off fentry
owner_on livepatch skb_segment >/dev/null
check "attach=always, hook=auto under a livepatch: one line names the function" \
	load_refused "refused: attach=always, but skb_segment has a livepatch" \
	modprobe netmem_tx attach=always
owner_off livepatch

first_owner_refuses_xmit direct fentry fexit livepatch kprobe_post
first_owner_refuses_xmit ipmodify livepatch kprobe_post
first_owner_refuses_xmit auto livepatch kprobe_post

first_owner_shares kprobe "direct ipmodify auto" "${ALL_HOOKS[@]}"
first_owner_shares function "ipmodify direct auto" "${ALL_HOOKS[@]}"
first_owner_shares graph "direct ipmodify" "${ALL_HOOKS[@]}"
first_owner_shares fentry ipmodify "${BPF_HOOKS[@]}"
first_owner_shares fexit "ipmodify auto" "${BPF_HOOKS[@]}"
for function in "${XMIT_HOOKS[@]}"; do
	first_owner_shares fentry auto "$function"
done

we_first direct kprobe function graph
we_first ipmodify kprobe function graph fentry fexit
we_first auto kprobe function
check "nothing is left" nothing_left
is "each cell of the table was run" "$(cells_not_run || true)" ""
