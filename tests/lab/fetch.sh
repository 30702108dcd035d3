#!/bin/bash
# Download the pinned packages of kernels, and check their sums.
# usage: fetch.sh KERNEL [ROLE...]      (roles: kernel, headers, source)
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -ge 1 ] || die "usage: fetch.sh KERNEL [ROLE...] (KERNEL: $(known_kernels))"
kernel=$1
shift
[ $# -gt 0 ] || set -- kernel headers
[ -n "$(pins "$kernel" "$@")" ] ||
	die "no $* packages of kernel $kernel in $PINS (it has: $(known_kernels))"

sum_ok() { [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

# fetch_one SHA256 POOL-PATH: into the cache; prints nothing when it is there.
fetch_one() {
	local sum=$1 path=$2 file stamp site
	file=$CACHE/debs/${path##*/}
	stamp=$CACHE/debs/ok/${path##*/}
	[ ! -e "$file" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
	if [ ! -e "$file" ] || ! sum_ok "$file" "$sum"; then
		site=$(mirror)
		info "downloading ${path##*/}"
		rm -f "$file"
		nice /usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root \
			download-file "$site/$path" "$file.part" >&2 ||
			die "cannot download $path from $site: set NETMEM_TX_MIRROR to a mirror that has it (snapshot mirrors keep all), or put the file into $CACHE/debs"
		sum_ok "$file.part" "$sum" || {
			rm -f "$file.part"
			die "sha256 of $path from $site is not the one in kernels.pins: set NETMEM_TX_MIRROR to another mirror"
		}
		mv "$file.part" "$file"
	fi
	printf '%s\n' "$sum" >"$stamp"
}

mkdir -p "$CACHE/debs/ok"
lock fetch
while read -r sum path; do
	fetch_one "$sum" "$path"
done < <(pins "$kernel" "$@")
