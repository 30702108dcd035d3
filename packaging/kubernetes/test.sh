#!/bin/bash
# make check-scripts: what netmem-tx-lease answers a container runtime, with an nmtx
# that only notes what it was asked. No VM, no root. Prints TAP.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v jq >/dev/null || {
	echo "needs jq" >&2
	exit 2
}

# The script puts the system's own directories last.
cat >"$work/nmtx" <<'END'
#!/bin/sh
echo "$*" >>"$WORK/asked"
case "$*" in
"-json lease") cat "$WORK/leases" ;;
*) cat "$WORK/answer" >&2 && exit "$(cat "$WORK/status")" ;;
esac
END
chmod +x "$work/nmtx"
touch "$work/ns"
inode=$(stat -c %i "$work/ns")

PREV='{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","sandbox":"x"}],"ips":[{"address":"10.9.0.2/24"}]}'
CONFIG='{"cniVersion":"1.0.0","name":"n","type":"netmem-tx-lease","nic":"nic7"'

# nmtx_says STATUS TEXT
nmtx_says() {
	printf '%s\n' "$2" >"$work/answer"
	printf '%s\n' "$1" >"$work/status"
}

# plugin COMMAND CONFIG: sets said and status.
plugin() {
	: >"$work/asked"
	status=0
	said=$(printf '%s' "$2" | env PATH="$work:$PATH" WORK="$work" CNI_COMMAND="$1" \
		CNI_IFNAME=eth0 CNI_NETNS="$work/ns" CNI_CONTAINERID=c "$here/netmem-tx-lease") ||
		status=$?
}

count=0 failed=0
# is NAME GOT WANT
is() {
	count=$((count + 1))
	if [ "$2" = "$3" ]; then
		printf 'ok %d - %s\n' "$count" "$1"
		return
	fi
	failed=$((failed + 1))
	printf 'not ok %d - %s\n# got  %s\n# want %s\n' "$count" "$1" "$2" "$3"
}
value() { printf '%s' "$said" | jq -r "$1"; }

test_add() {
	nmtx_says 0 ''
	plugin ADD "$CONFIG,\"prevResult\":$PREV}"
	is "ADD: succeeds" "$status" 0
	is "ADD: asks for the lease" "$(<"$work/asked")" \
		"lease add dev eth0 netns $work/ns nic nic7"
	is "ADD: says what the plugin before said" "$(value 'tojson' | jq -S .)" \
		"$(printf '%s' "$PREV" | jq -S .)"
	plugin ADD "$CONFIG,\"queue\":3,\"prevResult\":$PREV}"
	is "ADD: with a queue" "$(<"$work/asked")" \
		"lease add dev eth0 netns $work/ns nic nic7 queue 3"
	nmtx_says 1 'nmtx: eth0 has this lease already'
	plugin ADD "$CONFIG,\"prevResult\":$PREV}"
	is "ADD: once more is no error" "$status" 0
	plugin ADD "$CONFIG}"
	is "ADD: alone is an error" "$status $(value .code)" "1 7"
	is "ADD: alone makes no lease" "$(<"$work/asked")" ""
	plugin ADD "{\"cniVersion\":\"1.0.0\",\"prevResult\":$PREV}"
	is "ADD: without a NIC is an error" "$status $(value .code)" "1 7"
}

test_refused() {
	nmtx_says 1 'nmtx: module netmem_tx is not loaded'
	plugin ADD "$CONFIG,\"prevResult\":$PREV}"
	is "ADD: refused" "$status $(value .code)" "1 100"
	is "ADD: and why" "$(value .msg)" \
		"lease of nic7 to eth0: module netmem_tx is not loaded"
	plugin ADD "$CONFIG,\"optional\":true,\"prevResult\":$PREV}"
	is "ADD: optional" "$status $(value '.ips[0].address')" "0 10.9.0.2/24"
	plugin DEL "$CONFIG}"
	is "DEL: is never an error" "$status" 0
	is "DEL: asks for its end" "$(<"$work/asked")" \
		"lease del dev eth0 netns $work/ns"
}

test_rest() {
	printf '[{"dev":"eth0","netns_inum":%s,"nic":"nic7"}]\n' "$inode" >"$work/leases"
	plugin CHECK "$CONFIG,\"prevResult\":$PREV}"
	is "CHECK: there" "$status" 0
	printf '[{"dev":"eth0","netns_inum":1,"nic":"nic7"}]\n' >"$work/leases"
	plugin CHECK "$CONFIG,\"prevResult\":$PREV}"
	is "CHECK: another namespace's does not count" "$status $(value .code)" "1 100"
	echo '[]' >"$work/leases"
	plugin CHECK "$CONFIG,\"prevResult\":$PREV}"
	is "CHECK: not there" "$status $(value .code)" "1 100"
	plugin VERSION '{"cniVersion":"1.0.0"}'
	is "VERSION" "$status $(value '.supportedVersions | index("1.0.0") != null')" "0 true"
	plugin NONSENSE "$CONFIG}"
	is "an unknown command" "$status $(value .code)" "1 4"
}

test_add
test_refused
test_rest
jq -e '.plugins[-1].type == "netmem-tx-lease"' "$here/example.conflist" >/dev/null
is "the example is JSON, ours is last" "$?" 0
printf '1..%d\n' "$count"
[ "$failed" = 0 ]
