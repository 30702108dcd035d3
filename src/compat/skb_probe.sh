#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# skb_probe.sh OBJCOPY skb_probe.o skb_unreadable.h
# Writes the byte offset and the mask of skb->unreadable as the compiler laid
# them out.
set -eu

bin="${2%.o}.bin"
"$1" -O binary --only-section=.netmem_tx_probe "$2" "$bin"
od -An -v -tu1 -w1 "$bin" | awk '
	$1 != 0 { n++; offset = NR - 1; mask = $1 }
	END {
		if (n != 1) {
			print "netmem-tx: cannot find skb->unreadable" > "/dev/stderr"
			exit 1
		}
		print "/* Made by skb_probe.sh. */"
		print "#define SKB_UNREADABLE_OFFSET " offset
		print "#define SKB_UNREADABLE_MASK " mask
		print "#define SKB_SIZE " NR
	}' >"$3.tmp"
mv "$3.tmp" "$3"
