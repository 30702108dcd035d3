#!/bin/bash
# A DMA from an address that is not mapped is reported: only then a log
# without DMAR lines means anything.
# kernels: all
# timeout: 300
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

check "topology comes up" topology_up
faults() { dmesg | grep -E 'DMAR:.*DMA Read.*Request device \[(0000:)?00:04'; }
check_fails "no fault so far" faults

expect_log_begin 'DMAR:'
echo 1 >/sys/module/nmtx_lab/parameters/bad_dma
sink_start remote --timeout 10
in_guest devmem_send --plain --server 10.2.0.2 --size 64k --timeout 6 || true
sink_end 6
check "the bad DMA was asked for" test "$(nic_stat nicA tx_bad_dma)" -ge 1
check "the IOMMU reports it" wait_for 5 faults
sleep 1
expect_log_end
