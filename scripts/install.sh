#!/bin/bash
# Install the module by dkms and nmtx on this machine, or take both away.
# usage: install.sh install|uninstall
#	KERNEL=RELEASE   build for this kernel (default: the running one)
set -euo pipefail

tree=$(cd "$(dirname "$0")/.." && pwd)
name=netmem-tx
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$tree/dkms.conf")
kernel=${KERNEL:-$(uname -r)}
source=/usr/src/$name-$version

die() {
	printf 'netmem-tx: %s\n' "$*" >&2
	exit 1
}

need_packages() {
	local missing=()
	command -v dkms >/dev/null || missing+=(dkms)
	command -v gcc >/dev/null || missing+=(gcc)
	command -v pkg-config >/dev/null || missing+=(pkg-config)
	[ -e /usr/include/libmnl/libmnl.h ] || missing+=(libmnl-dev)
	[ -e "/lib/modules/$kernel/build" ] || missing+=("linux-headers-$kernel")
	[ "${#missing[@]}" = 0 ] && return
	command -v apt-get >/dev/null || die "needs ${missing[*]}: install them first"
	echo "installing ${missing[*]}"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "${missing[@]}" ||
		die "apt-get could not install ${missing[*]}"
}

add_source() {
	dkms remove -m "$name" -v "$version" --all >/dev/null 2>&1 || true
	rm -rf "$source"
	mkdir -p "$source/scripts"
	cp -r "$tree"/{dkms.conf,Kbuild,src,include,LICENSE} "$source/"
	cp "$tree/scripts/dkms-pre-build.sh" "$source/scripts/"
	find "$source" \( -name '*.o' -o -name '*.ko' -o -name '*.mod*' \
		-o -name '.*.cmd' \) -delete
	dkms add -m "$name" -v "$version"
}

has_systemd() { [ -d /run/systemd/system ]; }

do_install() {
	"$tree/scripts/dkms-pre-build.sh" "$kernel" || exit 1
	need_packages
	add_source
	dkms install -m "$name" -v "$version" -k "$kernel" ||
		die "dkms could not build for $kernel: see /var/lib/dkms/$name/$version/build/make.log"
	make -C "$tree/tools" OUT="$tree/build/tools" install
	has_systemd || {
		echo "installed $name $version for $kernel: modprobe netmem_tx"
		return
	}
	make -C "$tree/packaging" PREFIX=/usr/local install-boot
	systemctl daemon-reload
	echo "installed $name $version for $kernel: modprobe netmem_tx; at boot: systemctl enable netmem-tx"
}

do_uninstall() {
	[ ! -d /sys/module/netmem_tx ] || rmmod netmem_tx ||
		die "the module is in use: 'nmtx drain' revokes what holds it"
	dkms remove -m "$name" -v "$version" --all || true
	rm -rf "$source"
	make -C "$tree/tools" uninstall || true
	if has_systemd; then
		systemctl disable netmem-tx.service 2>/dev/null || true
		make -C "$tree/packaging" PREFIX=/usr/local uninstall-boot || true
		systemctl daemon-reload
	fi
	echo "removed $name $version"
}

[ "$(id -u)" = 0 ] || die "run this as root"
case ${1:-} in
install) do_install ;;
uninstall) do_uninstall ;;
*) die "usage: install.sh install|uninstall" ;;
esac
