#!/bin/bash
# The life of an installation, in QEMU: a full trixie system with systemd and a
# stock kernel. Our packages are installed there, it is booted, upgraded,
# downgraded, gets newer kernels, and is purged at last.
# usage: boot.sh [STAGE...]      (default: all, in this order)
#	readme    6.18.15  the commands of README.md, from source to a send; uninstalled
#	first     6.18.15  apt install builds the module; a container sends
#	second    6.18.15  loaded at boot, leases made, sends
#	changes   6.18.15  upgrade and downgrade of the package in the middle of a send
#	secure    6.18.15  by OVMF and shim with Secure Boot, dkms' key enrolled
#	off       6.18.15  nmtx=off
#	unsigned  6.18.15  module.sig_enforce=1: refused, and said why
#	newer     7.1.13   installed by apt: dkms has built for it; sends
#	native    7.2.12   installed by apt: steps aside; sends
#	back      6.18.15  works again; then purged
#	gone      6.18.15  nothing is left
#	NETMEM_TX_BOOT_TIMEOUT   seconds for each stage (2400)
#	NETMEM_TX_BOOT_DISK=1    begin with the bare disk that an earlier run made
# Stages go on with the disk of the one before. "readme" and "first" begin with a
# bare one; later ones alone need what an earlier run left. Needs build/packages/*.deb. Says
# what it found in TAP; the logs are in build/boot/.
set -euo pipefail
# shellcheck source=packaging/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/qemu.sh
. "$LAB/qemu.sh"

logs=$TREE/build/boot
DISK=$CACHE/boot-disk
NEXT=$VERSION.1
STAGES=(readme first second changes secure off unsigned newer native back gone)
UEFI_PACKAGES=(ovmf python3-virt-firmware shim-signed grub-efi-amd64-signed mtools
	dosfstools openssl)
SYSTEM_PACKAGES=("${HOST_PACKAGES[@]}" systemd-sysv dbus iproute2 initramfs-tools
	zstd dkms libmnl0 libbpf1 libelf1 libssl3 ethtool iputils-ping procps
	cron ifupdown logrotate netbase openssl ccache containerd jq)

kernel_of() {
	case $1 in
	newer) echo 7.1.13 ;;
	native) echo 7.2.12 ;;
	*) echo 6.18.15 ;;
	esac
}
release_of() { cat "$CACHE/kernels/$ROOT_ID/$1/release"; }

# The scripts that run in the guest.
lab_scripts() {
	mkdir -p "$ROOT/lab" "$ROOT/opt/cni/bin" "$ROOT/etc/cni/net.d"
	rm -rf "$ROOT/lab/guest"
	cp -r "$LAB/guest" "$ROOT/lab/guest"
	cp "$PACKAGING/boot/check" "$PACKAGING/boot/container" "$ROOT/lab/"
	cp "$PACKAGING/boot"/*.service "$ROOT/etc/systemd/system/"
	cp "$PACKAGING/boot/lab-netkit" "$PACKAGING/kubernetes/netmem-tx-lease" \
		"$ROOT/opt/cni/bin/"
	cp "$PACKAGING/boot/pod.conflist" "$ROOT/etc/cni/net.d/"
}

# What the container and the lab's NIC need, for a kernel: no file of ours that
# a package brings too.
lab_files() {
	local kernel=$1 release dir
	release=$(release_of "$kernel")
	while read -r dir; do
		cp -a "$dir/." "$ROOT/"
	done < <("$LAB/build.sh" --skip module,test,owners --print "$kernel")
	rm -f "$ROOT/lab/bin/nmtx"
	install -D -m 644 "$ROOT/lab/ko/nmtx_lab.ko" \
		"$ROOT/usr/lib/modules/$release/updates/lab/nmtx_lab.ko"
	rm -rf "$ROOT/lab/ko"
	lab_scripts
	in_root depmod "$release"
}

# install_kernel KERNEL: as apt does it on a host; dkms is called by the hooks.
install_kernel() {
	local kernel=$1 path
	mkdir -p "$ROOT/pkgs/kernel"
	while read -r _ path; do
		cp "$CACHE/debs/${path##*/}" "$ROOT/pkgs/kernel/"
	done < <(pins "$kernel" kernel headers image)
	cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
	in_root apt-get -q update
	# Debian's own linux-base and dkms of that time, where they have to be newer.
	in_root env DEBIAN_FRONTEND=noninteractive sh -c \
		'apt-get -y -q install -t trixie-backports linux-base && exec apt-get -y -q install /pkgs/kernel/*.deb'
	rm -rf "$ROOT/pkgs/kernel" "$ROOT"/var/cache/apt/archives/*.deb
	lab_files "$kernel"
}

# The NIC has a name of its own, and the driver that a vendor would ship.
configure_system() {
	local etc=$ROOT/etc
	printf '[Match]\nPath=pci-0000:00:04.0\n[Link]\nName=nicA\n' \
		>"$etc/systemd/network/10-nic.link"
	echo 'blacklist e1000e' >"$etc/modprobe.d/lab.conf"
	echo 'LABEL=boot / ext4 defaults 0 1' >"$etc/fstab"
	echo boot >"$etc/hostname"
	in_root systemctl enable lab-check.service lab-container.service
	# It is started where it is needed; a boot without it is shorter.
	in_root systemctl disable containerd.service
}

# The guest's CPU is some thirty times slower than this one. So both versions
# are installed and purged here first, with ccache in the compiler's place: when
# dkms builds in the guest, it finds what the compiler would have said.
fill_ccache() {
	local version
	printf 'cache_dir = /var/cache/ccache\n' >"$ROOT/etc/ccache.conf"
	ln -sf /usr/bin/ccache "$ROOT/usr/local/bin/x86_64-linux-gnu-gcc-14"
	for version in "$VERSION" "$NEXT"; do
		in_root env PATH=/usr/local/bin:/usr/sbin:/usr/bin DEBIAN_FRONTEND=noninteractive \
			apt-get -y -q install \
			"/pkgs/netmem-tx-dkms_$version-1_all.deb" \
			"/pkgs/netmem-tx-tools_$version-1_amd64.deb"
	done
	in_root ccache -s
	in_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -y -q purge netmem-tx-dkms netmem-tx-tools
}

# A disk with a system as it is before our packages come.
make_disk() {
	# A small initrd: less to unpack at each boot.
	echo 'MODULES=list' >"$ROOT/etc/initramfs-tools/conf.d/lab"
	printf '%s\n' virtio_pci virtio_blk ext4 >>"$ROOT/etc/initramfs-tools/modules"
	echo "deb $(mirror) trixie-backports main" >"$ROOT/etc/apt/sources.list.d/backports.list"
	install_kernel 6.18.15
	configure_system
	mkdir -p "$ROOT/pkgs"
	cp "$OUT/netmem-tx-dkms_$VERSION-1_all.deb" \
		"$OUT/netmem-tx-tools_$VERSION-1_amd64.deb" \
		"$logs/next/build/packages/netmem-tx-dkms_$NEXT-1_all.deb" \
		"$logs/next/build/packages/netmem-tx-tools_$NEXT-1_amd64.deb" "$ROOT/pkgs/"
	printf '%s\n%s\n' "$VERSION" "$NEXT" >"$ROOT/lab/versions"
	fill_ccache
	rm -f "$DISK" "$DISK.bare"
	mke2fs -q -t ext4 -L boot -d "$ROOT" "$DISK.new" 12G
	mv "$DISK.new" "$DISK.bare"
}

# Packages of the next version: the same source under another number.
build_next() {
	local sum
	sum=$(sha256sum <"$TARBALL")
	[ "$(cat "$logs/next.sum" 2>/dev/null)" != "$sum" ] || return 0
	rm -rf "$logs/next"
	mkdir -p "$logs/next"
	tar -C "$logs/next" --strip-components=1 -xf "$TARBALL"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$NEXT\"/" "$logs/next/dkms.conf"
	NETMEM_TX_CACHE=$CACHE "$logs/next/packaging/build.sh" deb
	printf '%s\n' "$sum" >"$logs/next.sum"
}

# on_disk COMMAND...: with ROOT set to the mounted disk.
on_disk() {
	local saved=$ROOT rc
	ROOT=$(mktemp -d "$CACHE/boot.XXXXXX")
	mount -o loop "$DISK" "$ROOT"
	set +e # not in an "if": there set -e would be off inside
	(
		set -e
		"$@"
	)
	rc=$?
	set -e
	umount "$ROOT"
	rmdir "$ROOT"
	ROOT=$saved
	return "$rc"
}

# The files that a boot loader would load; and this tree's scripts, if changed.
boot_files() {
	local release
	release=$(release_of "$1")
	lab_scripts
	cp -L "$ROOT/boot/initrd.img-$release" "$logs/initrd"
	cp -L "$ROOT/boot/vmlinuz-$release" "$logs/vmlinuz" 2>/dev/null ||
		cp -L "$ROOT/usr/lib/modules/$release/vmlinuz" "$logs/vmlinuz"
}

# The lab's NIC driver gets the signature that a vendor's would have.
# shellcheck disable=SC2016 # expanded in the root
sign_lab_driver() {
	local release
	release=$(release_of "$1")
	in_root sh -c '"$(ls /usr/lib/linux-kbuild-*/scripts/sign-file | head -n 1)" sha256 \
		/var/lib/dkms/mok.key /var/lib/dkms/mok.pub "$1"' sh \
		"/usr/lib/modules/$release/updates/lab/nmtx_lab.ko"
	cp "$ROOT/var/lib/dkms/mok.pub" "$logs/mok.der"
}

# make_uefi ARGUMENTS: firmware where dkms' key is enrolled, as MokManager would
# have done it, and a disk from which it starts shim, grub and the kernel.
make_uefi() {
	mkdir -p "$ROOT/uefi"
	cp "$logs/vmlinuz" "$logs/initrd" "$logs/mok.der" "$ROOT/uefi/"
	printf 'linux /vmlinuz %s\ninitrd /initrd\nboot\n' "$1" >"$ROOT/uefi/grub.cfg"
	in_root sh -exc '
		cd /uefi
		openssl x509 -inform der -in mok.der -out mok.pem
		virt-fw-vars --input /usr/share/OVMF/OVMF_VARS_4M.ms.fd --output vars.fd \
			--secure-boot --add-mok 2ae4d1c0-5b0a-4b5e-9d4a-0f4f6e6d7478 mok.pem
		truncate -s 160M esp
		mkfs.vfat esp
		mmd -i esp ::EFI ::EFI/BOOT ::EFI/debian
		mcopy -i esp /usr/lib/shim/shimx64.efi.signed ::EFI/BOOT/BOOTX64.EFI
		mcopy -i esp /usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed \
			::EFI/BOOT/grubx64.efi
		mcopy -i esp grub.cfg ::EFI/debian/grub.cfg
		mcopy -i esp vmlinuz initrd ::'
	cp "$ROOT/uefi/vars.fd" "$ROOT/uefi/esp" "$ROOT/usr/share/OVMF/OVMF_CODE_4M.secboot.fd" \
		"$logs/"
}

# How the guest starts: adds to qemu.
# shellcheck disable=SC2054 # the commas are QEMU's
start_args() {
	if [ "$1" = secure ]; then
		qemu+=(-machine q35,smm=on
			-global "driver=cfi.pflash01,property=secure,value=on"
			-drive "if=pflash,format=raw,unit=0,readonly=on,file=$logs/OVMF_CODE_4M.secboot.fd"
			-drive "if=pflash,format=raw,unit=1,file=$logs/vars.fd"
			-drive "if=none,id=esp,format=raw,readonly=on,file=$logs/esp"
			-device virtio-blk-pci,drive=esp,bootindex=0)
	else
		qemu+=(-machine q35 -kernel "$logs/vmlinuz" -initrd "$logs/initrd"
			-append "$2")
	fi
}

# The kernel's command line in STAGE, with more ARGUMENTS.
command_line() {
	printf '%s' "root=LABEL=boot rw console=ttyS0 loglevel=7 net.ifnames=0 panic=-1 " \
		"panic_on_warn=1 oops=panic no_timer_check intel_iommu=on iommu.strict=1 " \
		"systemd.show_status=0 systemd.default_device_timeout_sec=600 " \
		"systemd.default_timeout_start_sec=600 lab_stage=$1 $2"
}

# boot STAGE ARGUMENTS: what the check said is in build/boot/STAGE.check.
boot() (
	stage=$1
	emulator=$("$LAB/emulator.sh")
	take_slot
	# shellcheck disable=SC2054 # the commas are QEMU's
	qemu=("$emulator" -accel "${NETMEM_TX_ACCEL:-tcg,thread=single}"
		-cpu max -smp 1 -m 2G -display none -nodefaults -no-reboot
		-device intel-iommu,intremap=off
		-drive "file=$DISK,if=virtio,format=raw"
		-serial "file:$logs/$stage.console" -serial "file:$logs/$stage.check"
		-monitor none)
	start_args "$stage" "$(command_line "$stage" "$2")"
	nic_args
	setpriv --pdeathsig TERM timeout --kill-after=5 \
		"${NETMEM_TX_BOOT_TIMEOUT:-2400}" "${qemu[@]}" </dev/null >&2
)

count=0 failed=0
# result ok|"not ok" NAME
result() {
	count=$((count + 1))
	[ "$1" = ok ] || failed=$((failed + 1))
	printf '%s %d - %s\n' "$1" "$count" "$2"
}

# tap STAGE: the lines "ok - X" and "not ok - X" of stdin, numbered.
tap() {
	local line end=0
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		'ok - '*) result ok "$1: ${line#ok - }" ;;
		'not ok - '*) result 'not ok' "$1: ${line#not ok - }" ;;
		'lab-check: end') end=1 ;;
		*) printf '# %s\n' "${line#\# }" ;;
		esac
	done
	[ "$end" = 1 ] || result 'not ok' "$1: no end; log: build/boot/$1.console"
}

# The boot itself: its log, and its end.
boot_verdict() {
	local stage=$1 rc=$2 word=ok
	"$LAB/scan-log.sh" "$logs/$stage.console" || word='not ok'
	[ "$rc" = 0 ] && grep -aq 'reboot: Power down' "$logs/$stage.console" || word='not ok'
	result "$word" "$stage: log clean, power-off clean"
}

bare_disk() {
	if [ -z "${NETMEM_TX_BOOT_DISK:-}" ] || [ ! -e "$DISK.bare" ]; then
		logged boot-disk fresh_root "$base" make_disk
		NETMEM_TX_BOOT_DISK=1
	fi
	cp --sparse=always "$DISK.bare" "$DISK"
}

# The first block of commands under a headline of README.md.
readme_block() {
	awk -v head="## $1" '$0 == head { in_it = 1; next }
		in_it && /^\t/ { sub(/^\t(# )?/, ""); print; some = 1; next }
		some { exit }' "$TREE/README.md"
}

# What README.md says is to be installed, is: in the root, where the network is.
# There uname would tell this machine's kernel. The rest is for the guest.
readme_files() {
	local release
	release=$(release_of 6.18.15)
	mkdir -p "$ROOT/root/source"
	tar -C "$ROOT/root/source" --strip-components=1 -xf "$TARBALL"
	readme_block "Install it on a host" >"$ROOT/lab/readme"
	rm -f "$ROOT"/lab/readme.{apt,rest}
	awk -v apt="$ROOT/lab/readme.apt" -v rest="$ROOT/lab/readme.rest" '
		/^apt-get/ { on = 1 }
		{ print >(on ? apt : rest) }
		!/\\$/ { on = 0 }' "$ROOT/lab/readme"
	if [ ! -s "$ROOT/lab/readme.apt" ] || [ ! -s "$ROOT/lab/readme.rest" ]; then
		die "README.md does not say how to install it on a host"
	fi
	sed -n 's/^\t# \(nmtx lease add .*\)/\1/p' "$TREE/README.md" | head -n 1 >"$ROOT/lab/readme.lease"
	in_root env DEBIAN_FRONTEND=noninteractive bash -ec \
		"uname() { echo $release; }; apt-get() { command apt-get -y -q \"\$@\"; }
		. /lab/readme.apt"
}

run_stage() {
	local stage=$1 kernel args='' rc=0
	kernel=$(kernel_of "$stage")
	case $stage in
	readme)
		bare_disk
		logged boot-readme on_disk readme_files
		;;
	first) bare_disk ;;
	off) args=nmtx=off ;;
	unsigned) args=module.sig_enforce=1 ;;
	newer | native) logged "boot-kernel-$kernel" on_disk install_kernel "$kernel" ;;
	esac
	on_disk boot_files "$kernel"
	if [ "$stage" = secure ]; then
		logged boot-sign on_disk sign_lab_driver "$kernel"
		logged boot-uefi fresh_root "$(make_root uefi-root "${UEFI_PACKAGES[@]}")" \
			make_uefi "$(command_line secure '')"
	fi
	info "stage $stage: kernel $kernel"
	boot "$stage" "$args" || rc=$?
	tap "$stage" <"$logs/$stage.check"
	boot_verdict "$stage" "$rc"
}

main() {
	local stage kernel
	need_root
	need_lab_tools
	[ $# -gt 0 ] || set -- "${STAGES[@]}"
	[ -e "$OUT/netmem-tx-dkms_$VERSION-1_all.deb" ] || die "no packages: make deb"
	mkdir -p "$logs"
	for stage; do
		kernel=$(kernel_of "$stage")
		"$LAB/root.sh" "$kernel"
		"$LAB/fetch.sh" "$kernel" kernel headers image
	done
	if [ "$1" = readme ] || [ "$1" = first ]; then
		base=$(make_root system-root "${SYSTEM_PACKAGES[@]}")
		logged boot-next build_next
	fi
	for stage; do
		run_stage "$stage"
	done
	printf '1..%d\n' "$count"
	[ "$failed" = 0 ]
}
main "$@"
exit # before whatever an edit of this file has put here
