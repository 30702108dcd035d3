#!/bin/bash
# Install the packages of build/packages in throw-away roots, build the module
# with the pinned headers of a kernel there, and take all away again.
# usage: test.sh deb|rpm|arch...
#	KERNEL   whose headers (default 6.18.15)
# Says what it found in TAP. What is not Debian's own (rpm, pacman) is tried
# with the tools that Debian has, on a Debian root: scripts and files are
# tested, names of other distributions' packages are not.
set -euo pipefail
# shellcheck source=packaging/lib.sh
. "$(dirname "$0")/lib.sh"

kernel=${KERNEL:-6.18.15}
count=0 failed=0

# check NAME COMMAND...
check() {
	local name=$1 rc
	shift
	count=$((count + 1))
	set +e
	(
		set -e
		"$@"
	) >"$OUT/test.out" 2>&1
	rc=$?
	set -e
	if [ "$rc" = 0 ]; then
		printf 'ok %d - %s\n' "$count" "$name"
		return
	fi
	failed=$((failed + 1))
	printf 'not ok %d - %s\n' "$count" "$name"
	tail -n 20 "$OUT/test.out" | sed 's/^/# /'
}

quiet_apt() { in_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@"; }

# A host with the headers of the kernel, as its base for all kinds.
host_root() {
	local base=$1 path
	mkdir -p "$base/pkgs"
	while read -r _ path; do
		cp "$CACHE/debs/${path##*/}" "$base/pkgs/"
	done < <(pins "$kernel" headers kernel | grep -E 'linux-(headers|kbuild|base)-')
	ROOT=$base quiet_apt update
	ROOT=$base in_root sh -c 'apt-get -y -q install /pkgs/*.deb'
	ROOT=$base in_root sh -c 'ls /lib/modules' >"$base/release"
	rm -rf "$base/pkgs"
}

module_built() {
	local file
	in_root dkms status -m netmem-tx -v "$VERSION" -k "$release" | grep ': installed'
	file=$(cd "$ROOT" && ls "lib/modules/$release/updates/dkms/netmem_tx.ko"*)
	in_root modinfo -F version "/$file" | grep -Fx "$VERSION"
	in_root modinfo -F vermagic "/$file" | grep -F "$release "
}

# Everywhere but in lists of packages; what a purge must leave nothing of.
traces() {
	in_root find / -xdev \( -path /proc -o -path /sys -o -path /pkgs \
		-o -path /var/lib/apt/lists -o -path /var/cache -o -path /var/log \) -prune -o \
		\( -path '*netmem?tx*' -o -name '*nmtx*' \) -print
}
no_traces() { ! traces | grep .; }

programs_work() {
	in_root nmtx -V | grep -F "netmem-tx-$VERSION"
	in_root nmtx help
	in_root ldd "$(in_root sh -c 'command -v nmtx')" | grep -c libbpf
}

boot_files() {
	in_root systemd-analyze --man=no verify /usr/lib/systemd/system/netmem-tx.service \
		/usr/lib/systemd/system/netmem-tx-lease@.service
	in_root udevadm verify /usr/lib/udev/rules.d/90-netmem-tx.rules
}

is_enabled() { in_root systemctl is-enabled netmem-tx.service | grep -x enabled; }

# in each root: what all kinds have in common after the install.
installed() {
	check "$1: the module is built and installed for $release" module_built
	check "$1: nmtx runs" programs_work
	check "$1: systemd and udev take the boot files" boot_files
	check "$1: header for drivers" in_root test -s /usr/include/netmem-tx/linux/netmem_tx.h
	check "$1: header and spec for programs" in_root test -s \
		/usr/include/linux/netmem_tx.h -a -s /usr/share/ynl/specs/netmem-tx.yaml
	check "$1: man pages" in_root sh -c \
		'ls /usr/share/man/man4/netmem_tx.4* /usr/share/man/man8/nmtx.8*'
	check "$1: completions of three shells" in_root sh -c \
		'ls /usr/share/bash-completion/completions/nmtx /usr/share/fish/vendor_completions.d/nmtx.fish /usr/share/zsh/*/_nmtx'
}

copy_packages() {
	mkdir -p "$ROOT/pkgs"
	cp "$@" "$ROOT/pkgs/"
}

test_deb() {
	copy_packages "$OUT"/netmem-tx-*_"$VERSION"-*_{all,amd64}.deb
	rm "$ROOT"/pkgs/*dbgsym*
	check "deb: no trace before" no_traces
	check "deb: apt install" quiet_apt install /pkgs/netmem-tx-dkms_"$VERSION"-1_all.deb \
		/pkgs/netmem-tx-tools_"$VERSION"-1_amd64.deb
	installed deb
	check "deb: the unit is enabled" is_enabled
	check "deb: installed once more, as in an upgrade" quiet_apt install --reinstall \
		/pkgs/netmem-tx-dkms_"$VERSION"-1_all.deb
	check "deb: and the module is there" module_built
	check "deb: remove keeps the configuration" deb_removed
	check "deb: purge" quiet_apt purge netmem-tx-dkms netmem-tx-tools
	check "deb: purge leaves nothing" no_traces
}

deb_removed() {
	quiet_apt remove netmem-tx-dkms
	in_root test -e /etc/netmem-tx/leases.d/README
	! in_root find /lib/modules /var/lib/dkms /usr/src -path '*netmem?tx*' | grep .
}

rpm_erase() {
	in_root rpm -e netmem-tx-dkms netmem-tx-tools
	! in_root rpm -qa | grep netmem
}

test_rpm() {
	copy_packages "$OUT"/netmem-tx-{dkms,tools}-"$VERSION"-*.rpm
	logged packages-tools quiet_apt install rpm dkms iproute2 libmnl0 libbpf1
	check "rpm: no trace before" no_traces
	check "rpm: install" in_root sh -c 'rpm -i --nodeps /pkgs/*.rpm'
	installed rpm
	check "rpm: files are as packaged" in_root rpm -V --nodeps netmem-tx-dkms netmem-tx-tools
	check "rpm: the unit is enabled" is_enabled
	check "rpm: erase" rpm_erase
	check "rpm: erase leaves nothing" no_traces
}

# On Arch a hook of the package dkms does this.
arch_dkms() { in_root dkms install -m netmem-tx -v "$VERSION" -k "$release"; }

arch_remove() {
	in_root dkms remove -m netmem-tx -v "$VERSION" --all
	in_root pacman -Rdd --noconfirm netmem-tx-dkms netmem-tx-tools
}

test_arch() {
	copy_packages "$OUT"/netmem-tx-{dkms,tools}-"$VERSION"-*.pkg.tar.zst
	logged packages-tools quiet_apt install pacman-package-manager dkms iproute2 \
		libmnl0 libbpf1
	mkdir -p "$ROOT/var/lib/pacman"
	check "arch: no trace before" no_traces
	check "arch: pacman -U" in_root sh -c 'pacman -Udd --noconfirm /pkgs/*.pkg.tar.*'
	check "arch: dkms, as Arch's hook calls it" arch_dkms
	installed arch
	check "arch: files are as packaged" in_root pacman -Qkk netmem-tx-dkms netmem-tx-tools
	check "arch: remove" arch_remove
	check "arch: remove leaves nothing" no_traces
}

main() {
	local base kind failures=0
	need_root
	[ $# -gt 0 ] || die "usage: test.sh deb|rpm|arch..."
	"$LAB/fetch.sh" "$kernel"
	base=$(make_root "host-root-$kernel" "${HOST_PACKAGES[@]}")
	[ -e "$base/release" ] || logged packages-host-root host_root "$base"
	release=$(cat "$base/release")
	for kind; do
		set +e # not "||": there set -e would be off inside
		(fresh_root "$base" run_kind "$kind")
		failures=$((failures + ($? != 0)))
		set -e
	done
	[ "$failures" = 0 ]
}

run_kind() {
	"test_$1"
	printf '1..%d\n' "$count"
	[ "$failed" = 0 ]
}

main "$@"
