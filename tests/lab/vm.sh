#!/bin/bash
# Boot a kernel, run a command in the guest, exit with its status.
# usage: vm.sh [options] KERNEL -- COMMAND [ARG...]
#	--append "ARGS"   more kernel arguments
#	--skip PART,...   do not build these parts: see build.sh
#	--no-module       short for --skip module
#	--timeout SEC     give up then (default 300)
#	--log DIR         where the logs go (default build/logs/KERNEL-PID)
#	--pcap            write what leaves A and C to DIR/nicA.pcap, nicC.pcap
#	--icount          one instruction a nanosecond, one CPU
#	--smp N, --mem M  CPUs (2), memory (2G)
#	--add DIR         add the files below DIR to the guest's root; repeatable
#	--kernel-dir DIR  a kernel from elsewhere: vmlinuz, initrd, modules.img,
#	                  release; then KERNEL is only its name
# Exit: the command's status; 97 a bad line in the kernel log; 98 no clean
# power-off; 99 the guest hung or died.
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/qemu.sh
. "$LAB/qemu.sh"

append='' timeout=300 log='' pcap=0 icount=0 smp=2 cpu=max mem=2G kdir='' adds=() build=()

usage() {
	sed -n '2,18s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

parse_args() {
	while [ $# -gt 0 ]; do
		case $1 in
		--append) append=$2 && shift ;;
		--skip) build=(--skip "$2") && shift ;;
		--no-module) build=(--skip module) ;;
		--timeout) timeout=$2 && shift ;;
		--log) log=$2 && shift ;;
		--pcap) pcap=1 ;;
		--icount) icount=1 smp=1 cpu=max,-fsrm ;;
		--smp) smp=$2 && shift ;;
		--mem) mem=$2 && shift ;;
		--add) adds+=("$2") && shift ;;
		--kernel-dir) kdir=$2 && shift ;;
		-*) usage ;;
		*) break ;;
		esac
		shift
	done
	if [ $# -lt 3 ] || [ "$2" != -- ]; then usage; fi
	kernel=$1
	shift 2
	command=("$@")
}

# The third disk: a tar of what was built and of the scripts of this tree.
make_payload() {
	local dir parts=()
	mkdir -p "$log/payload/lab"
	cp -r "$LAB/guest" "$log/payload/lab/guest"
	cp -r "$TREE/tests/cases" "$log/payload/lab/cases"
	printf '%s\n' "$kernel" >"$log/payload/lab/kernel"
	printf 'exec %s\n' "${command[*]@Q}" >"$log/payload/lab/cmd"
	"$LAB/build.sh" "${build[@]}" --print "$kernel" "$kdir" >"$log/parts"
	while read -r dir; do
		parts+=(-C "$dir" .)
	done <"$log/parts"
	for dir in "${adds[@]}"; do
		parts+=(-C "$(realpath "$dir")" .)
	done
	tar -c --owner=0 --group=0 -f "$log/payload.tar" \
		"${parts[@]}" -C "$log/payload" .
	rm -rf "$log/payload"
}

disk_args() {
	local file
	for file; do
		qemu+=(-drive "file=$file,if=virtio,format=raw,readonly=on,file.locking=off")
	done
}

# thread=single: two guests on two CPUs are faster so, and QEMU before 8.1 can
# keep a translation of code that another CPU changed meanwhile. A guest that
# patches its own text (ftrace, static keys) then dies of a breakpoint that is
# gone: "Oops: int3".
# cpu: where instructions are counted, copies are not by "rep movsb", of which
# each byte would count as one.
# no_timer_check: on a busy machine the kernel's test of its timer can fail.
# setpriv: the guest ends with this script, however that ends.
# shellcheck disable=SC2054 # the commas are QEMU's
run_qemu() {
	qemu=("$emulator" -accel "${NETMEM_TX_ACCEL:-tcg,thread=single}" -machine q35
		-cpu "$cpu" -smp "$smp" -m "$mem" -display none -nodefaults -no-reboot
		-device intel-iommu,intremap=off
		-kernel "$kdir/vmlinuz" -initrd "$kdir/initrd"
		-append "console=ttyS0 loglevel=7 panic=-1 panic_on_warn=1 oops=panic no_timer_check intel_iommu=on iommu.strict=1 $append"
		-serial "file:$log/kernel.log" -serial stdio -monitor none)
	[ "$icount" = 0 ] || qemu+=(-icount "shift=0,sleep=off")
	nic_args
	disk_args "$ROOT.img" "$kdir/modules.img" "$log/payload.tar"
	printf '%q ' "${qemu[@]}" >"$log/qemu.sh"
	setpriv --pdeathsig TERM timeout --kill-after=5 "$timeout" "${qemu[@]}" </dev/null 2>"$log/qemu.err" |
		tee "$log/output.log" | { grep --line-buffered -av '^NMTX-GUEST-RC ' || true; }
}

# The emulator's fault, not ours: nothing of the lab or the module runs before
# the first process. Seen once in some hundred boots on a very busy machine.
died_early() { ! grep -aq 'Run /init as init process' "$log/kernel.log"; }

# verdict QEMU-STATUS: what the whole boot is worth.
verdict() {
	local rc
	rc=$(sed -n 's/^NMTX-GUEST-RC //p' "$log/output.log" | tail -1)
	if [ "$1" = 124 ] || [ "$1" = 137 ]; then
		info "kernel $kernel: no end within $timeout s, stopped; log: $log/kernel.log"
		return 99
	elif [ -z "$rc" ]; then
		"$LAB/scan-log.sh" "$log/kernel.log" || true
		cat "$log/qemu.err" >&2
		info "kernel $kernel: the guest died; log: $log/kernel.log"
		return 99
	elif ! "$LAB/scan-log.sh" "$log/kernel.log"; then
		info "kernel $kernel: bad lines in $log/kernel.log"
		return 97
	elif [ "$1" != 0 ] || ! grep -aq 'reboot: Power down' "$log/kernel.log"; then
		info "kernel $kernel: did not power off cleanly; log: $log/kernel.log"
		return 98
	fi
	return "$rc"
}

# A function, so that an edit of this file does not change a run.
main() {
	parse_args "$@"
	need_root
	if [ -z "$kdir" ]; then
		"$LAB/root.sh" "$kernel"
		kdir=$CACHE/kernels/$ROOT_ID/$kernel
	else
		"$LAB/root.sh"
	fi
	log=${log:-$TREE/build/logs/$kernel-$$}
	rm -rf "$log"
	mkdir -p "$log"
	make_payload
	emulator=$("$LAB/emulator.sh")
	take_slot
	rc=0
	run_qemu || rc=$?
	if died_early; then
		info "kernel $kernel: died before its first process, see kernel.log.1; once more"
		mv "$log/kernel.log" "$log/kernel.log.1"
		rc=0
		run_qemu || rc=$?
	fi
	rm -f "$log/payload.tar"
	verdict "$rc"
}
main "$@"
