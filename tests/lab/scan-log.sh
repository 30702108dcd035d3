#!/bin/bash
# Print the lines of a kernel log that no test may cause. Exit 1 if any.
# usage: scan-log.sh LOG
#
# A case that means to cause one says so in the log itself, by
#	NMTX-EXPECT-BEGIN REGEX ... NMTX-EXPECT-END
# (expect_log_begin and expect_log_end of guest/lib.sh). Lines that match are
# then fine, and at least one must be there.
#
# Of data races that KCSAN reports, those count that have our module on a stack,
# or a function of the lab's modules in the first line: the kernel has many of
# its own, also below the lab's NIC.
set -euo pipefail

ours() {
	awk '
	/BUG: KCSAN: / { held = 1; text = ""; told = /\[nmtx_/ }
	held { text = text $0 "\n"; if (/\[netmem_tx\]/) told = 1
		if (/====================/) { if (told) printf "%s", text; else n++; held = 0 }
		next }
	{ print }
	END { if (held) printf "%s", text
		if (n) print n " data races of the kernel alone" >"/dev/stderr" }' "$1"
}

ours "${1:?usage: scan-log.sh LOG}" | awk '
BEGIN {
	bad = "BUG|WARNING|Call Trace|[Ll]ockdep|possible (circular|recursive)|" \
		"inconsistent lock state|suspicious RCU|KASAN|UBSAN|KCSAN|" \
		"kmemleak: [0-9]|DMAR:.*[Ff]ault|Oops|general protection|" \
		"refcount_t:|scheduling while atomic|blocked for more than|" \
		"soft lockup|hard LOCKUP|rcu_.*stall|Kernel panic|" \
		"leaked reference|usage count = |page allocation failure"
	# Lines of an ordinary boot of a debug kernel, and functions in a stack
	# that was expected.
	fine = "kasan: KernelAddressSanitizer initialized|" \
		"lockdep: (fixing|locking)|Lock dependency validator|" \
		"RCU lockdep checking is enabled|lockdep_[a-z_]+\\+0x|" \
		"DMAR: (dmar|DRHD).*(ver |base)"
}
{ gsub(/\r/, "") }
match($0, /NMTX-EXPECT-BEGIN /) {
	want = substr($0, RSTART + RLENGTH); seen = 0; begun = $0; next
}
/NMTX-EXPECT-END/ {
	if (want != "" && !seen) { print "expected, but not there: " want; n++ }
	want = ""; next
}
want != "" && $0 ~ want { seen = 1; next }
$0 ~ bad && $0 !~ fine { print "bad line: " $0; n++ }
END { exit n > 0 }
' >&2
