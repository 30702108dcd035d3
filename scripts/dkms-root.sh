#!/bin/bash
# dkms inside the lab's root, for a kernel that does not run here.
# usage: dkms-root.sh wants RELEASE             would dkms build for it?
#        dkms-root.sh install ROOT RELEASE OUT  add, build, install; copy to OUT
#        dkms-root.sh remove ROOT RELEASE       remove, check that nothing is left
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../tests/lab/lib.sh"

name=netmem-tx
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TREE/dkms.conf")
# What a source tarball for dkms holds.
SHIPPED=(dkms.conf Kbuild src include scripts/dkms-pre-build.sh)

# Whatever an earlier run left: other kernels of it, or half a build.
forget() {
	in_root dkms remove -m "$name" -v "$version" --all || true
	rm -rf "${ROOT:?}/usr/src/$name-$version" "${ROOT:?}/var/lib/dkms/$name"
	rm -f "$ROOT/usr/lib/modules/$1/updates/dkms/netmem_tx.ko"*
}

add_source() {
	mkdir -p "$ROOT/usr/src/$name-$version"
	tar -C "$TREE" -c --exclude='*.o' --exclude='*.ko' --exclude='*.mod' \
		--exclude='*.mod.c' --exclude='.*.cmd' "${SHIPPED[@]}" |
		tar -x -C "$ROOT/usr/src/$name-$version"
	in_root dkms add -m "$name" -v "$version"
}

install_module() {
	local release=$1 out=$2 lib=usr/lib/modules/$1
	forget "$release"
	add_source
	in_root nice dkms build -m "$name" -v "$version" -k "$release" || {
		cat "$ROOT/var/lib/dkms/$name/$version/build/make.log"
		return 1
	}
	in_root dkms install -m "$name" -v "$version" -k "$release"
	in_root dkms status -m "$name" -v "$version" -k "$release" |
		grep -q ': installed' || die "dkms does not say installed"
	in_root modinfo -k "$release" netmem_tx
	mkdir -p "$out/$lib/updates"
	cp -a "$ROOT/$lib/updates/dkms" "$out/$lib/updates/"
	cp -a "$ROOT/$lib"/modules.* "$out/$lib/"
}

remove_module() {
	in_root dkms remove -m "$name" -v "$version" -k "$1"
	! find "$ROOT/usr/lib/modules/$1" -name 'netmem_tx.ko*' | grep . ||
		die "dkms remove left files behind"
}

case ${1:-} in
wants) "$TREE/scripts/dkms-pre-build.sh" "$2" >/dev/null ;;
install) ROOT=$2 && install_module "$3" "$4" ;;
remove) ROOT=$2 && remove_module "$3" ;;
*) die "usage: dkms-root.sh wants|install|remove ..." ;;
esac
