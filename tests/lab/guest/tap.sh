# shellcheck shell=bash
# What a case says: one line for each thing it checks. Sourced by lib.sh.
#
#	ok NAME                    it holds
#	not_ok NAME [WHY]          it does not
#	skip NAME REASON           cannot be checked here
#	check NAME COMMAND...      ok when the command succeeds
#	check_fails NAME COMMAND...     ok when it fails (killed by a signal: not ok)
#	is NAME GOT WANT           ok when equal
#	like NAME GOT REGEX        ok when it matches (extended regex)
#	note TEXT...               a remark in the log
#	complain TEXT...           why a helper fails, on stderr

TAP_RC=0
TAP_OUT=/run/tap.out

# The case's own lines; a command's output goes to the same place as comments.
exec {TAP_FD}>&1

say() {
	printf '%s\n' "$*" >&"$TAP_FD"
	[ -z "${TAP_LOG:-}" ] || printf '%s\n' "$*" >>"$TAP_LOG"
}
# shellcheck disable=SC2001
note() { sed 's/^/# /' <<<"$*" >&"$TAP_FD"; }
complain() { printf '%s\n' "$*" >&2; }
ok() { say "ok - $1"; }
skip() { say "ok - $1 # SKIP $2"; }
not_ok() {
	say "not ok - $1"
	[ -z "${2:-}" ] || note "$2"
}

# In a subshell with errexit, as a script of its own; shell variables that the
# command sets are lost.
try() {
	local rc
	set +e
	(
		set -e
		"$@"
	) >"$TAP_OUT" 2>&1
	rc=$?
	set -e
	TAP_RC=$rc
}

check() {
	local name=$1 rc
	shift
	try "$@"
	rc=$TAP_RC
	if [ "$rc" = 0 ]; then
		ok "$name"
		return
	fi
	not_ok "$name" "status $rc: $*"
	note "$(tail -n 20 "$TAP_OUT")"
}

check_fails() {
	local name=$1 rc
	shift
	try "$@"
	rc=$TAP_RC
	if [ "$rc" -gt 0 ] && [ "$rc" -lt 128 ]; then
		ok "$name"
		return
	fi
	not_ok "$name" "status $rc, meant to fail: $*"
	note "$(tail -n 20 "$TAP_OUT")"
}

# What the last check or check_fails printed.
last_output() { cat "$TAP_OUT"; }

is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}

like() {
	if grep -Eq -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1" "got '$2', want /$3/"; fi
}

# Lines of the kernel log that match are meant, until expect_log_end; at least
# one must come, or the boot fails.
expect_log_begin() { printf 'NMTX-EXPECT-BEGIN %s\n' "$1" >/dev/kmsg; }
expect_log_end() { printf 'NMTX-EXPECT-END\n' >/dev/kmsg; }

# wait_for SECONDS COMMAND...: until it succeeds, or fail. On a machine that is
# told to be slow, as many times longer.
wait_for() {
	local end=$((SECONDS + $1 * ${NETMEM_TX_SLOW:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}
