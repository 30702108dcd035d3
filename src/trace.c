// SPDX-License-Identifier: GPL-2.0
/* Tracepoints; perf and bpftrace see them as netmem_tx:*. */
#include "netmem_tx.h"

#define CREATE_TRACE_POINTS
#include "trace.h"
