#!/bin/bash
# Make the Debian trixie root of the lab, and unpack kernels into it.
# usage: root.sh [KERNEL...]
#
# In the cache afterwards:
#   root-HASH/            the root, where modules and programs are built
#   root-HASH.img         the same as a disk for the guests, without kernels
#   kernels/HASH/KERNEL/  vmlinuz, initrd, modules.img, release
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

# disk_image DIR FILE: a read-only ext4 disk of DIR.
disk_image() {
	local mb
	mb=$(du -s --apparent-size -m "$1" | cut -f1)
	rm -f "$2.new"
	nice mke2fs -q -t ext4 -O ^has_journal -m 0 -b 4096 -N $((mb * 100 + 20000)) \
		-d "$1" "$2.new" $((mb * 14 / 10 + 64))M >/dev/null
	mv "$2.new" "$2"
}

make_root() {
	local list
	[ -e "$ROOT.img" ] && return
	info "making the trixie root $ROOT (a minute or two)"
	rm -rf "$ROOT" "$ROOT.new"
	list=$(
		IFS=,
		printf '%s' "${ROOT_PACKAGES[*]}"
	)
	trixie_into "$ROOT.new" --variant=minbase --include="$list"
	rm -rf "$ROOT.new"/var/cache/apt/archives/*.deb "$ROOT.new"/var/lib/apt/lists/*
	mkdir -p "$ROOT.new/lab" "$ROOT.new/src"
	mv "$ROOT.new" "$ROOT"
	disk_image "$ROOT" "$ROOT.img"
}

# Directories of modules that no case needs.
TRIM=(drivers/gpu drivers/media drivers/iio drivers/infiniband drivers/comedi
	drivers/staging drivers/platform drivers/net/wireless drivers/net/usb
	drivers/net/can drivers/usb drivers/input drivers/hid drivers/video
	drivers/scsi drivers/mtd drivers/hwmon drivers/rtc drivers/md
	drivers/bluetooth sound fs/btrfs fs/xfs fs/ocfs2 fs/smb fs/ceph fs/f2fs
	fs/gfs2 fs/jfs fs/bcachefs net/bluetooth net/wireless net/mac80211)

unpack_kernel() {
	local kernel=$1 into=$2 dir sum path excludes=()
	for dir in "${TRIM[@]}"; do
		excludes+=("--exclude=./usr/lib/modules/*/kernel/$dir")
	done
	mkdir -p "$into"
	while read -r sum path; do
		: "$sum"
		dpkg-deb --fsys-tarfile "$CACHE/debs/${path##*/}" |
			tar -x -C "$into" --keep-directory-symlink "${excludes[@]}" \
				--exclude=./usr/share
	done < <(pins "$kernel" kernel headers)
}

# The first root of a guest: loads the disk drivers and changes to the overlay.
make_initrd() {
	local release=$1 out=$2 dir=$ROOT/tmp/initrd n=100 word file
	rm -rf "$dir"
	mkdir -p "$dir"/{bin,dev,proc,mod,root,kern,rw,new}
	cp "$ROOT/usr/bin/busybox" "$dir/bin/busybox"
	cp "$LAB/guest/initrd-init" "$dir/init"
	chmod 755 "$dir/init"
	while read -r word file _; do
		[ "$word" = insmod ] || continue
		n=$((n + 1))
		case $file in
		*.xz) xz -dc "$ROOT$file" >"$dir/mod/$n.ko" ;;
		*.zst) zstd -qdc "$ROOT$file" >"$dir/mod/$n.ko" ;;
		*) cp "$ROOT$file" "$dir/mod/$n.ko" ;;
		esac
	done < <(in_root modprobe -S "$release" --show-depends -a \
		virtio_pci virtio_blk ext4 overlay | awk '!seen[$0]++')
	in_root sh -ec 'cd /tmp/initrd && find . | cpio -o -H newc --quiet' >"$out"
	rm -rf "$dir"
}

make_kernel() {
	local kernel=$1 stage release image out=$CACHE/kernels/$ROOT_ID/$1
	[ -e "$out/release" ] && return
	"$LAB/fetch.sh" "$kernel"
	info "unpacking kernel $kernel"
	stage=$CACHE/stage-$kernel
	rm -rf "$stage" "$out"
	mkdir -p "$out"
	unpack_kernel "$kernel" "$stage"
	release=$(ls "$stage/usr/lib/modules")
	image=$stage/boot/vmlinuz-$release # from 7.2 on beside the modules
	[ -e "$image" ] || image=$stage/usr/lib/modules/$release/vmlinuz
	cp "$image" "$out/vmlinuz" || die "no vmlinuz in the packages of kernel $kernel"
	cp -a "$stage/." "$ROOT/"
	in_root depmod "$release"
	rm -rf "$stage"
	mkdir -p "$stage/usr/lib/modules"
	cp -a "$ROOT/usr/lib/modules/$release" "$stage/usr/lib/modules/"
	disk_image "$stage" "$out/modules.img"
	rm -rf "$stage"
	make_initrd "$release" "$out/initrd"
	printf '%s\n' "$release" >"$out/release"
}

need_root
need_lab_tools
lock root
make_root
for kernel; do
	make_kernel "$kernel"
done
