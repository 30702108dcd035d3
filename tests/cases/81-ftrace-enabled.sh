#!/bin/bash
# sysctl kernel.ftrace_enabled=0 must not take our hooks off in silence.
# kernels: 6.18.15 7.1.13
# boot: smp1
# timeout: 120
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"
# shellcheck source=tests/lab/guest/owners.sh
. "$LAB/guest/owners.sh"

LOAD_HOOK=net_devmem_get_binding
enabled() { cat /proc/sys/kernel/ftrace_enabled; }
switch_off() { sysctl -w kernel.ftrace_enabled=0; }
send() { transfer remote 10.2.0.2 --size 64k; }

# stays_on STATE XMIT-HOLDERS: the write is refused, and all hooks stay.
stays_on() {
	check_fails "$1: the write is refused" switch_off
	like "$1: as busy" "$(last_output)" '[Bb]usy'
	is "$1: it reads 1" "$(enabled)" 1
	is "$1: the hook of sends stays" "$(holders "$LOAD_HOOK")" 1
	is "$1: the transmit hook is as before" \
		"$(holders validate_xmit_skb)$(holders skb_copy_and_csum_bits)" "$2$2"
}

check "topology comes up" topology_up
! has_kernel_leases || check "the kernel's lease" lease_add nk_guest

check "loaded, no lease" module_load
stays_on "no lease" 0
rmmod netmem_tx
for hook in direct ipmodify; do
	check "loaded, hook=$hook" module_load "hook=$hook"
	has_kernel_leases || check "a lease" lease_add nk_guest
	check "$hook: a send through netkit" send
	like "$hook: is attached" "$(nmtx status)" "^backend $hook"
	stays_on "$hook" 1
	check "$hook: a send still passes" send
	rmmod netmem_tx
done

check "unloaded: the write is taken" switch_off
check "ftrace is off: the load is refused with one line" \
	load_refused 'ftrace is switched off.*kernel.ftrace_enabled to 1' modprobe netmem_tx
check "also with attach=always" \
	load_refused 'ftrace is switched off' modprobe netmem_tx attach=always
check "ftrace is on again" sysctl -w kernel.ftrace_enabled=1
check "then it loads" module_load
check "and unloads" module_unload
check "nothing is left" nothing_left
