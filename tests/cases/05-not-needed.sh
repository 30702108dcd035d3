#!/bin/bash
# Built by hand for a kernel that has it all itself, the module says so.
# kernels: native
# core: yes
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

check_fails "dkms has not installed the module here" modinfo netmem_tx
check_fails "the module built by hand does not load" insmod "$LAB/ko/netmem_tx.ko"
like "it says that it is not needed" "$(dmesg | grep netmem_tx:)" 'not needed'
is "in one line" "$(dmesg | grep -c "netmem_tx: ")" 1
