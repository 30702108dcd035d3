#!/bin/bash
# make demo: the main job on a stock kernel, in a VM, step by step.
# usage: KERNEL=6.18.15 demo.sh
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

kernel=${KERNEL:-6.18.15}
start=$SECONDS
[ -n "$(pins "$kernel" kernel)" ] ||
	die "KERNEL=$kernel is not one of the lab's: $(known_kernels)"
need_root
need_lab_tools
cat <<END
This demo boots Debian's own kernel $kernel in a VM and sends device memory
(a dma-buf) from a container's netkit interface through a NIC, by DMA.
First it makes what the VM needs: kernel packages, a root, the module by dkms.
That takes some minutes the first time and seconds later.

END
"$LAB/root.sh" "$kernel"
"$LAB/build.sh" --skip test,owners "$kernel"
info "booting kernel $kernel (QEMU without KVM: about 15 s)"
rc=0
"$LAB/vm.sh" --skip test,owners --timeout 400 --log "$TREE/build/logs/demo-$kernel" "$kernel" -- \
	/lab/guest/demo || rc=$?
if [ "$rc" = 0 ]; then
	echo "demo: passed on $kernel in $((SECONDS - start)) s; kernel log clean, VM powered off cleanly"
else
	echo "demo: FAILED on $kernel (status $rc); logs: build/logs/demo-$kernel" >&2
fi
exit "$rc"
