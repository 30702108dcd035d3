#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Have perf count the module's tracepoints on all CPUs, until killed."""
import ctypes
import glob
import os
import signal
import struct

PERF_EVENT_OPEN = 298
TRACEPOINT = 2


def main():
    """See above."""
    libc = ctypes.CDLL(None, use_errno=True)
    for path in glob.glob("/sys/kernel/tracing/events/netmem_tx/*/id"):
        with open(path, encoding="ascii") as file:
            number = int(file.read())
        attr = ctypes.create_string_buffer(struct.pack(
            "=IIQQQQQ", TRACEPOINT, 128, number, 1, 0, 0, 0), 128)
        for cpu in range(os.cpu_count()):
            if libc.syscall(PERF_EVENT_OPEN, attr, -1, cpu, -1, 0) < 0:
                raise OSError(ctypes.get_errno(), "perf_event_open")
    print("counting", flush=True)
    signal.pause()


main()
