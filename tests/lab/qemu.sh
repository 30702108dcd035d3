# shellcheck shell=bash
# What scripts that start QEMU share: vm.sh, and packaging/boot.sh. Source it
# after lib.sh.

# NIC A and C for the lab's driver, R and S their other ends. See topology in
# docs/testing.md. Addresses are fixed: guest/lib.sh finds the NICs by them.
# Adds to the array qemu; pcap and log are those of vm.sh.
# shellcheck disable=SC2154
nic_args() {
	local spec id model slot mac hub
	for spec in A:e1000e:04:0a:0 R:e1000:05:0b:0 C:e1000e:06:0c:1 S:e1000:07:0d:1; do
		IFS=: read -r id model slot mac hub <<<"$spec"
		qemu+=(-netdev "hubport,id=nic$id,hubid=$hub"
			-device "$model,netdev=nic$id,id=dev$id,addr=0x$slot,mac=52:54:00:12:00:$mac")
		if [ "${pcap:-0}" = 1 ] && [[ $id = [AC] ]]; then
			qemu+=(-object "filter-dump,id=dump$id,netdev=nic$id,file=$log/nic$id.pcap,maxlen=200")
		fi
	done
}

# As many guests as CPUs on this machine, whoever starts them; more only make
# all of them late. NETMEM_TX_SLOTS changes the number.
take_slot() {
	local n fd slots=${NETMEM_TX_SLOTS:-$(nproc)} told=0
	while :; do
		for ((n = 1; n <= slots; n++)); do
			exec {fd}>"$CACHE/vm-$n.lock"
			flock -n "$fd" && return
			exec {fd}>&-
		done
		[ "$told" = 1 ] || info "waiting: $slots guests run already"
		told=1
		sleep 2
	done
}
