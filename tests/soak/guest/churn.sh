# shellcheck shell=bash
# What comes and goes while the module does. Each part is a loop that runs until
# STOP is there, and counts its rounds in /run/churn.NAME.

STOP=/run/soak.stop
DRIVER=/sys/bus/pci/drivers/nmtx_lab
HOOKS=(netdev_nl_bind_tx_doit net_devmem_get_binding net_devmem_unbind_dmabuf
	__net_devmem_dmabuf_binding_free validate_xmit_skb skb_segment
	skb_copy_and_csum_bits tcp_sigpool_hash_skb_data)
kernel_ge 7.1 || HOOKS+=(nf_queue)
PARTS="owners netkits nics links attempts"

nic_again() {
	dma_reports off
	echo "${NIC_PCI[nicC]}" >$DRIVER/unbind
	dma_reports on
	echo "${NIC_PCI[nicC]}" >$DRIVER/bind
	nic_named nicC
	ip addr replace 10.3.0.1/24 dev nicC
	ip link set nicC up
}

# Before 7.1 the kernel warns when it refuses a kprobe with a post handler a
# function that is taken. Here that depends on who came first, so the log has a
# line that matches in any case.
kprobe_post_may_warn() {
	quiet_sysctl kernel.panic_on_warn=0
	expect_log_begin 'arm_kprobe|Call Trace'
	echo "soak: arm_kprobe may warn" >/dev/kmsg
	owner_on kprobe_post "$1"
	expect_log_end
	quiet_sysctl kernel.panic_on_warn=1
}

# Others at the functions that we hook.
round_owners() {
	local owner function
	for owner in fentry kprobe function livepatch fexit graph kprobe_post; do
		function=${HOOKS[RANDOM % ${#HOOKS[@]}]}
		case $owner in
		kprobe_post) kprobe_post_may_warn "$function" ;;
		*) owner_on "$owner" "$function" ;;
		esac
		sleep 0.$((RANDOM % 4))
		owner_off "$owner"
	done
}
round_netkits() {
	container_up 2
	nmtx lease add dev nk_guest2 netns guest2 nic nicA
	timeout 5 ip netns exec guest2 devmem_send --ifname nk_guest2 --size 64k \
		--bind-only
	container_down 2
}
# Nothing is bound to nicC here: a stock kernel has no hold on a NIC that goes
# under a TX binding, and half of the time the module is not there.
round_nics() {
	nic_again
	nmtx lease add dev nk_guest netns guest nic nicC
	sleep 1
	nmtx lease del dev nk_guest netns guest nic nicC
}
round_links() {
	ip link set nicC down
	ip route replace 10.99.0.0/16 via 10.2.0.2 dev nicA
	sleep 0.3
	ip link set nicC up
	ip route replace 10.99.0.0/16 via 10.1.0.2 dev nk_host
	ip route del 10.99.0.0/16
	sleep 0.3
}
# Device memory from a container, whether the module is there or not.
round_attempts() {
	timeout 10 nsenter --net=/run/netns/guest devmem_send --ifname nk_guest \
		--size 64k --bind-only
	sleep 0.2
}

churn_loop() { # NAME
	local n=0
	set +e # what it names may be gone
	until [ -e "$STOP" ]; do
		"round_$1"
		n=$((n + 1))
		echo $n >"/run/churn.$1"
	done >"/run/churn.$1.out" 2>&1
}
churn_start() {
	local part
	for part in $PARTS; do
		churn_loop "$part" &
		echo $! >"/run/churn.$part.pid"
	done
}
churn_end() {
	local part
	for part in $PARTS; do
		wait_for 60 test ! -d "/proc/$(cat "/run/churn.$part.pid")" || return
	done
	for part in fentry function kprobe livepatch; do owner_off $part; done
	nic_again
}
churn_counts() {
	local part
	for part in $PARTS; do printf '%s %s ' "$part" "$(cat "/run/churn.$part")"; done
}
