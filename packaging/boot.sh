#!/bin/bash
# A trixie system with systemd, our packages and a stock kernel, booted in
# QEMU: is the module loaded at boot, are leases made when devices appear, does
# the off switch work, does it step aside on 7.2?
# usage: boot.sh [KERNEL...]     (default: 6.18.15 7.2.12)
#	NETMEM_TX_BOOT_TIMEOUT   seconds for each boot (900)
#	NETMEM_TX_BOOT_DISK=1    keep the disk, and take the one that is there
# Needs build/packages/*.deb. Says what it found in TAP; the logs of the boots
# are in build/boot/.
set -euo pipefail
# shellcheck source=packaging/lib.sh
. "$(dirname "$0")/lib.sh"

logs=$TREE/build/boot
SYSTEM_PACKAGES=("${HOST_PACKAGES[@]}" systemd-sysv dbus iproute2 initramfs-tools
	zstd dkms libmnl0 libbpf1)

# What is installed before the first boot; ROOT is a throw-away copy.
install_all() {
	local kernel=$1 path
	mkdir -p "$ROOT/pkgs"
	while read -r _ path; do
		cp "$CACHE/debs/${path##*/}" "$ROOT/pkgs/"
	done < <(pins "$kernel" kernel headers)
	cp "$OUT"/netmem-tx-dkms_"$VERSION"-1_all.deb "$OUT"/netmem-tx-tools_"$VERSION"-1_amd64.deb \
		"$ROOT/pkgs/"
	in_root apt-get -q update
	in_root env DEBIAN_FRONTEND=noninteractive sh -c 'apt-get -y -q install /pkgs/*.deb'
	rm -rf "$ROOT/pkgs"
	cp "$PACKAGING/boot/check" "$ROOT/usr/local/sbin/boot-check"
	cp "$PACKAGING/boot/boot-check.service" "$ROOT/etc/systemd/system/"
	in_root systemctl enable boot-check.service
	echo 'dev nk1 netns guest host nk0 nic eth0' >"$ROOT/etc/netmem-tx/leases.d/guest.conf"
	echo '/dev/vda / ext4 defaults 0 1' >"$ROOT/etc/fstab"
	echo boot >"$ROOT/etc/hostname"
}

make_disk() {
	local kernel=$1 dir=$2
	install_all "$kernel"
	cp -L "$ROOT"/boot/initrd.img-* "$dir/initrd"
	cp -L "$ROOT"/boot/vmlinuz-* "$dir/vmlinuz" 2>/dev/null ||
		cp -L "$ROOT"/usr/lib/modules/*/vmlinuz "$dir/vmlinuz"
	rm -rf "$ROOT"/usr/src/linux-* "$ROOT"/usr/share/doc "$ROOT"/var/cache/apt
	rm -f "$dir/disk"
	mke2fs -q -t ext4 -d "$ROOT" "$dir/disk" 3G
}

# As vm.sh does: as many guests as CPUs on this machine. Sets slot.
take_slot() {
	local n
	while :; do
		for ((n = 1; n <= ${NETMEM_TX_SLOTS:-$(nproc)}; n++)); do
			exec {slot}>"$CACHE/vm-$n.lock"
			flock -n "$slot" && return
			exec {slot}>&-
		done
		sleep 2
	done
}

# boot DIR NAME KERNEL-ARGUMENTS: print what the check said.
boot() {
	local dir=$1 name=$2 args=$3 slot
	take_slot
	timeout "${NETMEM_TX_BOOT_TIMEOUT:-900}" qemu-system-x86_64 -accel tcg,thread=single \
		-machine q35 -cpu max -smp 2 -m 1G -display none -nodefaults -no-reboot \
		-kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
		-append "root=/dev/vda rw console=ttyS0 net.ifnames=0 panic=-1 systemd.show_status=0 $args" \
		-drive "file=$dir/disk,if=virtio,format=raw,snapshot=on" \
		-device e1000,mac=52:54:00:12:00:0a \
		-serial "file:$logs/$name.console" -serial "file:$logs/$name.check" \
		</dev/null >&2 || true
	exec {slot}>&-
	cat "$logs/$name.check"
}

count=0 failed=0
# tap NAME: the lines "ok - X" and "not ok - X" of stdin, numbered.
tap() {
	local line lines=0
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		'ok - '*) ;;
		'not ok - '*) failed=$((failed + 1)) ;;
		'boot-check: end') lines=1 && continue ;;
		*) printf '# %s\n' "$line" && continue ;;
		esac
		count=$((count + 1))
		printf '%s\n' "${line/ok - /ok $count - $1: }"
	done
	[ "$lines" = 1 ] || {
		failed=$((failed + 1))
		printf 'not ok %d - %s: no end; log: build/boot/%s.console\n' \
			"$((++count))" "$1" "$1"
	}
}

need_root
need_tools qemu-system-x86_64=qemu-system-x86 mke2fs=e2fsprogs
[ $# -gt 0 ] || set -- 6.18.15 7.2.12
mkdir -p "$logs"
base=$(make_root system-root "${SYSTEM_PACKAGES[@]}")
for kernel; do
	"$LAB/fetch.sh" "$kernel"
	dir=$CACHE/boot-$kernel
	mkdir -p "$dir"
	if [ -z "${NETMEM_TX_BOOT_DISK:-}" ] || [ ! -e "$dir/disk" ]; then
		logged "boot-disk-$kernel" fresh_root "$base" make_disk "$kernel" "$dir"
	fi
	boot "$dir" "$kernel" '' >"$logs/$kernel.said"
	tap "$kernel" <"$logs/$kernel.said"
	[ "$kernel" != "$1" ] || {
		boot "$dir" "$kernel-off" nmtx=off >"$logs/$kernel-off.said"
		tap "$kernel-off" <"$logs/$kernel-off.said"
	}
	[ -n "${NETMEM_TX_BOOT_DISK:-}" ] || rm -rf "$dir"
done
printf '1..%d\n' "$count"
[ "$failed" = 0 ]
