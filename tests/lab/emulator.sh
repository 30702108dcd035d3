#!/bin/bash
# Print the QEMU that the lab starts: this machine's from version 10 on, else
# that of Debian trixie, unpacked into the cache once (170 MB). 7.2 of Debian 12 is
# 1.6 times slower (docs/testing.md); what is between was not measured.
# NETMEM_TX_QEMU names another one.
# usage: emulator.sh
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

OLDEST=10
DIR=$CACHE/qemu-trixie-1

# major COMMAND: 0 when there is none.
major() {
	local said
	said=$("$1" --version 2>/dev/null | sed -n '1s/.*version \([0-9]*\).*/\1/p') || true
	printf '%s\n' "${said:-0}"
}

# It runs with trixie's own libraries, which this machine need not have.
wrapper() {
	cat <<EOF
#!/bin/sh
# Made by tests/lab/emulator.sh.
lib=$DIR/usr/lib/x86_64-linux-gnu
share=$DIR/usr/share
export QEMU_MODULE_DIR="\$lib/qemu"
exec "\$lib/ld-linux-x86-64.so.2" --library-path "\$lib" \\
	"$DIR/usr/bin/qemu-system-x86_64" -L "\$share/qemu" -L "\$share/seabios" "\$@"
EOF
}

unpack() {
	[ ! -x "$DIR/run" ] || return 0
	lock qemu
	[ ! -x "$DIR/run" ] || return 0
	info "unpacking QEMU of Debian trixie (a quarter of a minute)"
	rm -rf "$DIR" "$DIR.new"
	trixie_into "$DIR.new" --variant=extract --include=qemu-system-x86
	rm -rf "$DIR.new/var"
	mv "$DIR.new" "$DIR"
	wrapper >"$DIR/run.new"
	chmod +x "$DIR/run.new"
	mv "$DIR/run.new" "$DIR/run"
}

if [ -n "${NETMEM_TX_QEMU:-}" ]; then
	[ "$(major "$NETMEM_TX_QEMU")" != 0 ] || die "NETMEM_TX_QEMU: $NETMEM_TX_QEMU is not QEMU"
	printf '%s\n' "$NETMEM_TX_QEMU"
elif [ "$(major qemu-system-x86_64)" -ge $OLDEST ]; then
	command -v qemu-system-x86_64
else
	need_root
	need_tools mmdebstrap=mmdebstrap
	unpack
	[ "$(major "$DIR/run")" -ge $OLDEST ] || die "QEMU of trixie does not start: $DIR/run"
	printf '%s\n' "$DIR/run"
fi
