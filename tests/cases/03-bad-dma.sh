#!/bin/bash
# A DMA from an address that is not mapped is reported: only then a log
# without DMAR lines means anything.
# kernels: all
# shellcheck source=tests/lab/guest/lib.sh
. "${LAB:-/lab}/guest/lib.sh"

check "topology comes up" topology_up
faults() { dmesg | grep -Ec 'DMAR:.*DMA Read.*Request device \[00:04'; }
is "no fault so far" "$(faults || true)" 0

expect_log_begin 'DMAR:'
echo 1 >/sys/module/nmtx_lab/parameters/bad_dma
in_remote sh -c 'tcp_sink --timeout 10 >/dev/null 2>&1 & sleep 1'
timeout 8 sh -c 'head -c 1000000 /dev/zero >/run/zeros'
in_guest timeout 8 python3 - <<'PY' || true
import socket
s = socket.create_connection(("10.2.0.2", 5201), 5)
s.settimeout(5)
with open("/run/zeros", "rb") as f:
    s.sendfile(f)
PY
check "the bad DMA was asked for" test "$(nic_stat nicA tx_bad_dma)" -ge 1
check "the IOMMU reports it" wait_for 5 faults
sleep 1
expect_log_end
