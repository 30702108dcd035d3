# shellcheck shell=bash
# Ordinary traffic that is counted, and the kernel's memory. After live.sh.

# kB of kernel memory that nothing can reclaim. KASAN keeps freed objects in
# their slabs for a while: there the slabs are left to kmemleak.
kernel_memory() {
	local what='VmallocUsed|Percpu|PageTables|KernelStack'
	grep -q ' kasan_' /proc/kallsyms || what="SUnreclaim|$what"
	sync
	echo 3 >/proc/sys/vm/drop_caches
	sleep 1
	awk "/^($what):/"' { n += $2; parts = parts " " $1 $2 } END { print n parts }' \
		/proc/meminfo
}

# fq_codel drops what waited for long; 256 descriptors are soon full when the
# machine that emulates all this is busy.
lossless() {
	tc qdisc replace dev nicA root pfifo limit 10000
	in_remote ethtool -G nicR rx 4096
	wait_for 20 in_guest ping -c1 -W1 10.2.0.2
}
# What the devices and stacks on the way say that they dropped.
dropped_on_the_way() {
	local dev
	for dev in nk_host nicA; do ip -s -j link show "$dev"; done
	in_guest ip -s -j link show nk_guest
	in_remote ip -s -j link show nicR
	in_remote ethtool -S nicR
	in_remote nstat -az UdpInErrors UdpRcvbufErrors IpInDiscards
	tc -s qdisc show dev nicA
	nstat -az IpInDiscards IpOutDiscards IpOutNoRoutes
}
