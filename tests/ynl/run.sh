#!/bin/bash
# make ynl: docs/netmem-tx.yaml and YNL, the kernel's own tools for such files:
# the specification is valid, the C generator takes it, and YNL's Python client
# drives the module with it in a guest. There nmtx -json is asked for all it can
# print too, and that is compared with its schema. Prints TAP.
# usage: run.sh      (KERNEL=6.18.15)
set -euo pipefail
# shellcheck source=packaging/lib.sh
. "$(dirname "$0")/../../packaging/lib.sh"

kernel=${KERNEL:-6.18.15}
YNL_SOURCE=6.18.15 # whose YNL
YNL_PACKAGES=(python3-minimal python3-yaml python3-jsonschema)
# Where the tools look for specifications, in the root.
SPECS=/ynl/Documentation/netlink/specs
# As in the kernel's tree: the client looks for the schemas from its own place.
PARTS=(tools/net/ynl/pyynl Documentation/netlink/genetlink.yaml)

unpack_ynl() {
	local path
	read -r _ path < <(pins "$YNL_SOURCE" source)
	rm -rf "$ynl" "$ynl.new"
	mkdir -p "$ynl.new"
	info "unpacking YNL from ${path##*/}"
	dpkg-deb --fsys-tarfile "$CACHE/debs/${path##*/}" |
		tar -x -O --wildcards '*/linux-source-*.tar.xz' | xz -dc |
		tar -x -C "$ynl.new" --strip-components=1 --wildcards \
			"${PARTS[@]/#/linux-source-*/}"
	mv "$ynl.new" "$ynl"
}

count=0 failed=0
result() { # ok|"not ok" NAME
	count=$((count + 1))
	[ "$1" = ok ] || failed=$((failed + 1))
	printf '%s %d - %s\n' "$1" "$count" "$2"
}
check() { # NAME COMMAND...
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		result ok "$name"
	else
		result 'not ok' "$name"
		grep -v '^ok ' <<<"$said" | tail -n 12 | sed 's/^/# /'
	fi
}

in_place() { in_root env PYTHONPATH=/ynl/tools/net/ynl "$@"; }
schema_valid() {
	in_place python3 -c 'import sys
from pyynl.lib import SpecFamily
SpecFamily(sys.argv[1], sys.argv[2])' "$1" /ynl/Documentation/netlink/genetlink.yaml
}
schema_refuses() { ! schema_valid "$1"; }
generates() {
	in_place timeout 120 python3 /ynl/tools/net/ynl/pyynl/ynl_gen_c.py --spec "$SPECS/netmem-tx.yaml" \
		--mode uapi --header | grep NETMEM_TX_CMD_DRAIN &&
		in_place timeout 120 python3 /ynl/tools/net/ynl/pyynl/ynl_gen_c.py --spec "$SPECS/netmem-tx.yaml" \
			--mode user --source | grep netmem_tx_drain
}

samples_fit() { in_root python3 /ynl/check_schema.py --live /ynl/nmtx.schema.json /ynl/samples; }

# In throw-away roots: ROOT.
on_host() {
	cp -r "$ynl" "$ROOT/ynl"
	mkdir -p "$ROOT$SPECS"
	touch "$ROOT/ynl/MAINTAINERS" # by it the generator knows the tree's top
	cp "$TREE/docs/netmem-tx.yaml" "$ROOT$SPECS/"
	sed 's/type: u64/type: u65/' "$TREE/docs/netmem-tx.yaml" >"$ROOT$SPECS/bad.yaml"
	check "the kernel's schema takes the specification" schema_valid "$SPECS/netmem-tx.yaml"
	check "and not a damaged one" schema_refuses "$SPECS/bad.yaml"
	check "YNL's C generator takes it" generates
	printf '%s %s\n' "$count" "$failed" >"$work/counts"
}

json() {
	mkdir -p "$ROOT/ynl"
	touch "$work/samples"
	cp "$work/samples" "$TREE/tools/tests/check_schema.py" "$TREE/tools/nmtx.schema.json" \
		"$ROOT/ynl/"
	check "what nmtx -json prints fits its schema: $(($(wc -l <"$work/samples") / 2)) samples" \
		samples_fit
	printf '%s %s\n' "$count" "$failed" >"$work/counts"
}

guest() {
	local rc=0 line
	mkdir -p "$work/add/lab/ynl"
	cp -r "$base/usr/lib/python3/dist-packages/yaml" "$ynl/tools/net/ynl/pyynl" \
		"$TREE/docs/netmem-tx.yaml" "$TREE"/tests/ynl/guest.{py,sh} "$work/add/lab/ynl/"
	"$LAB/vm.sh" --skip test,owners --timeout 900 --add "$work/add" "$kernel" -- /lab/ynl/guest.sh \
		>"$work/said" || rc=$?
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		'ok - '*) result ok "${line#ok - }" ;;
		'not ok - '*) result 'not ok' "${line#not ok - }" ;;
		'sample: '*) printf '%s\n' "${line#sample: }" >>"$work/samples" ;;
		*) printf '# %s\n' "${line#\# }" ;;
		esac
	done <"$work/said"
	check "the client got to its end, the guest's log is clean" test "$rc" = 0
}

need_root
"$LAB/fetch.sh" "$YNL_SOURCE" source
read -r sum _ < <(pins "$YNL_SOURCE" source)
ynl=$CACHE/ynl/${sum:0:16}
[ -e "$ynl/tools" ] || unpack_ynl
base=$(make_root ynl-root "${YNL_PACKAGES[@]}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fresh_root "$base" on_host
read -r count failed <"$work/counts"
guest
fresh_root "$base" json
read -r count failed <"$work/counts"
printf '1..%d\n' "$count"
[ "$failed" = 0 ]
