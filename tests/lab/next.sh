#!/bin/bash
# Find the newest kernel of the distribution, and pin it for this machine.
# usage: next.sh
#	NETMEM_TX_NEXT_SUITE   where to look (default trixie-backports)
# Prints its version. Packages that kernels.pins does not have go to
# next.pins in the cache, with the sums of the suite's signed index.
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

suite=${NETMEM_TX_NEXT_SUITE:-trixie-backports}
keys=/usr/share/keyrings/debian-archive-keyring.gpg

# apt NAME ARG...: apt-NAME of that suite alone, away from this machine's apt.
apt() {
	local name=$1
	shift
	"apt-$name" -qq -o "Dir::Etc::SourceList=$dir/sources.list" \
		-o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$dir/lists" \
		-o "Dir::Cache=$dir/cache" -o APT::Architecture=amd64 \
		-o APT::Architectures=amd64 -o APT::Sandbox::User=root "$@"
}

read_index() {
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	printf 'deb [signed-by=%s] %s %s main\n' "$keys" "$(mirror)" "$suite" \
		>"$dir/sources.list"
	apt get update >&2 || die "cannot read the index of $suite from the mirror"
	apt cache dumpavail >"$dir/index"
}

# The version of the kernel that linux-image-amd64 means, like 7.3.4+deb13.
newest() {
	awk '$1 == "Package:" { name = $2 }
		$1 == "Depends:" && name == "linux-image-amd64" &&
		match($0, /linux-(image|binary)-[0-9][^ ,]*-amd64/) {
			name = substr($0, RSTART, RLENGTH)
			gsub(/^linux-[a-z]*-|-amd64$/, "", name)
			print name }' "$dir/index" | sort -V | tail -n 1
}

# pin_lines NAME: the packages of a kernel as lines of kernels.pins. From 6.19
# on linux-image only names the parts.
pin_lines() {
	awk -v v="$1" -v kernel="${1%%+*}" '
		function want(name) {
			if (name ~ ("^linux-(base|binary|modules|image)-" v "-amd64$"))
				return "kernel"
			if (name ~ ("^linux-headers-" v "-(amd64|common)$") ||
			    name ~ ("^linux-kbuild-" v "$"))
				return "headers"
		}
		BEGIN { RS = ""; FS = "\n"; gsub(/[+.]/, "[&]", v) }
		{
			delete f
			for (i = 1; i <= NF; i++)
				if (match($i, /^[A-Za-z0-9]+: /))
					f[substr($i, 1, RLENGTH - 2)] = substr($i, RLENGTH + 1)
			role = want(f["Package"])
			if (role == "")
				next
			line[f["Package"]] = kernel "\t" role "\t" f["Version"] "\t" \
				f["SHA256"] "\t" f["Filename"]
			if (f["Package"] ~ /^linux-binary-/)
				parts = 1
		}
		END { for (name in line)
			if (!parts || name !~ /^linux-image-/)
				print line[name] }' "$dir/index" | LC_ALL=C sort
}

main() {
	local full kernel
	dir=$(mktemp -d)
	trap 'rm -rf "$dir"' EXIT
	mkdir -p "$CACHE"
	read_index
	full=$(newest)
	[ -n "$full" ] || die "$suite has no linux-image-amd64"
	kernel=${full%%+*}
	if ! grep -q "^$kernel	" "$PINS"; then
		pin_lines "$full" >"$NEXT_PINS.new"
		mv "$NEXT_PINS.new" "$NEXT_PINS"
	fi
	printf '%s\n' "$kernel"
}
main "$@"
