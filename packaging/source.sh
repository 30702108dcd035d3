#!/bin/bash
# Make the source tarball, the same bytes from the same commit.
# usage: source.sh OUT-DIR
# Writes OUT-DIR/netmem-tx-VERSION.tar.xz and prints its path. It has the files
# that git knows, as they are in the work tree; without git, all files.
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
out=$(realpath -m "${1:?usage: source.sh OUT-DIR}")
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$tree/dkms.conf")
name=netmem-tx-$version
cd "$tree"

have_git() { [ -e .git ] && git rev-parse -q --verify HEAD >/dev/null 2>&1; }

epoch() {
	if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
		printf '%s\n' "$SOURCE_DATE_EPOCH"
	elif have_git; then
		git log -1 --format=%ct
	else
		stat -c %Y dkms.conf
	fi
}

files() {
	if have_git; then
		git ls-files
	else
		find . -path ./build -prune -o -type f ! -name '*.o' ! -name '*.ko' \
			! -name '*.mod' ! -name '*.mod.c' ! -name '.*.cmd' -printf '%P\n'
	fi | while IFS= read -r file; do
		[ ! -e "$file" ] || printf '%s\n' "$file"
	done | LC_ALL=C sort
}

mkdir -p "$out"
files | tar -c --no-recursion -T - --transform "s,^,$name/,S" \
	--owner=0 --group=0 --numeric-owner --format=gnu --mode=u=rwX,go=rX \
	--mtime="@$(epoch)" | xz -T1 -6 >"$out/$name.tar.xz.new"
mv "$out/$name.tar.xz.new" "$out/$name.tar.xz"
printf '%s\n' "$out/$name.tar.xz"
