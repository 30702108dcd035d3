#!/bin/bash
# Build a kernel with every checker from the distribution's source package.
# usage: build.sh [KERNEL]            (a version of kernels.pins; 6.18.15)
#        build.sh KERNEL-kcsan        with KCSAN, which nothing else fits beside
#
# Prints the directory with the result, made once for each configuration,
# source package and compiler:
#	vmlinuz, initrd, modules.img, release   what tests/lab/vm.sh boots
#	vmlinux, System.map, config             to read a report with
#	stage/                                  modules and headers
# and copies modules and headers into the lab's root, where modules are built.
set -euo pipefail
# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/../lab/lib.sh"

DEBUG=$TREE/tests/debug
kernel=${1:-6.18.15}
kind=debug
[[ $kernel != *-kcsan ]] || kind=kcsan
kernel=${kernel%%-*}
read -r sum package < <(pins "$kernel" source) ||
	die "no source package of kernel $kernel in $PINS"
work=$ROOT/src/$kind-$kernel
log=$TREE/build/logs/$kind-kernel-$kernel.log

# Make in the root, where the build directory is /src/KIND-KERNEL/build.
kernel_make() {
	in_root nice -n 19 make -s -j"$(nproc)" -C "/src/$kind-$kernel/source" \
		O="/src/$kind-$kernel/build" "$@"
}

unpack_source() {
	"$LAB/fetch.sh" "$kernel" source
	info "unpacking ${package##*/}"
	rm -rf "$work"
	mkdir -p "$work/source" "$work/build"
	dpkg-deb --fsys-tarfile "$CACHE/debs/${package##*/}" |
		tar -x -O --wildcards '*/linux-source-*.tar.xz' | xz -dc |
		tar -x -C "$work/source" --strip-components=1 \
			--exclude='*/Documentation/*/*' --exclude='*/tools/testing/*'
}

# fragment: the configuration. What kcsan.config names, it decides.
fragment() {
	if [ "$kind" = debug ]; then
		cat "$DEBUG/debug.config"
		return
	fi
	grep -vwFf <(grep -o 'CONFIG_[A-Z0-9_]*' "$DEBUG/kcsan.config") "$DEBUG/debug.config"
	cat "$DEBUG/kcsan.config"
}

# Kconfig drops what it does not know without a word: look.
check_config() {
	local line name bad=0
	while IFS= read -r line; do
		case $line in
		'# CONFIG_'*' is not set')
			name=${line#\# } name=${name%% *}
			grep -q "^$name=" "$work/build/.config" || continue
			;;
		CONFIG_*) ! grep -qxF -- "$line" "$work/build/.config" || continue ;;
		*) continue ;;
		esac
		info "$kind.config: not taken: $line"
		bad=1
	done < <(fragment)
	[ "$bad" = 0 ] || die "$kind.config does not fit kernel $kernel"
}

configure() {
	fragment >"$work/build/fragment"
	in_root env KCONFIG_ALLCONFIG="/src/$kind-$kernel/build/fragment" \
		make -s -C "/src/$kind-$kernel/source" O="/src/$kind-$kernel/build" \
		allnoconfig
	check_config
}

# For BTF of modules; without the debug information, which is large. The BTF of a
# KCSAN kernel has structs twice, and a module with BTF of its own is refused.
stage_btf() { # HEADERS
	[ "$kind" = debug ] || return 0
	in_root objcopy --strip-debug "/src/$kind-$kernel/build/vmlinux" \
		"/src/$kind-$kernel/build/vmlinux.small"
	cp "$work/build/vmlinux.small" "$1/vmlinux"
}

# Modules, and headers like a distribution's: enough for kbuild and dkms.
stage_kernel() {
	local stage=$1/stage release headers
	release=$(cat "$work/build/include/config/kernel.release")
	headers=usr/src/linux-headers-$release
	kernel_make modules_install INSTALL_MOD_STRIP=1 \
		INSTALL_MOD_PATH="/src/$kind-$kernel/stage/usr"
	kernel_make run-command KBUILD_RUN_COMMAND="\$(srctree)/scripts/package/install-extmod-build /src/$kind-$kernel/stage/$headers"
	mv "$work/stage" "$stage"
	cp "$work/build/.config" "$stage/$headers/"
	install -D "$work/build/tools/bpf/resolve_btfids/resolve_btfids" \
		"$stage/$headers/tools/bpf/resolve_btfids/resolve_btfids"
	stage_btf "$stage/$headers"
	ln -sfn "/$headers" "$stage/usr/lib/modules/$release/build"
	cp "$work/build/vmlinux" "$work/build/System.map" "$1/"
	cp "$work/build/.config" "$1/config"
	cp "$work/build/arch/x86/boot/bzImage" "$1/vmlinuz"
	printf '%s\n' "$release" >"$1/release"
}

# All that a guest needs to boot is built in.
make_initrd() {
	local dir=$ROOT/tmp/$kind-$kernel-initrd
	rm -rf "$dir"
	mkdir -p "$dir"/{bin,dev,proc,mod,root,kern,rw,new}
	cp "$ROOT/usr/bin/busybox" "$dir/bin/busybox"
	install -m 755 "$LAB/guest/initrd-init" "$dir/init"
	in_root sh -ec "cd /tmp/$kind-$kernel-initrd && find . | cpio -o -H newc --quiet" >"$1/initrd.new"
	mv "$1/initrd.new" "$1/initrd"
	rm -rf "$dir"
}

make_disk() {
	local mb
	mkdir -p "$1/image/usr/lib"
	cp -a "$1/stage/usr/lib/modules" "$1/image/usr/lib/"
	mb=$(du -s --apparent-size -m "$1/image" | cut -f1)
	mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$1/image" "$1/modules.img" $((mb * 14 / 10 + 16))M
	rm -rf "$1/image"
}

build_kernel() {
	unpack_source
	configure
	info "building the $kind kernel $kernel: 20 to 40 minutes on two CPUs"
	kernel_make bzImage modules
	stage_kernel "$1"
	make_disk "$1"
	rm -rf "$work"
}

# Modules and headers into the root, unless they are there.
install_stage() {
	local release stamp
	release=$(cat "$out/release")
	stamp=$ROOT/usr/lib/modules/$release/debug-id
	[ "$(cat "$stamp" 2>/dev/null)" != "$id" ] || return 0
	rm -rf "$ROOT/usr/lib/modules/$release" "$ROOT/usr/src/linux-headers-$release"
	cp -a "$out/stage/." "$ROOT/"
	printf '%s\n' "$id" >"$stamp"
}

need_root
"$LAB/root.sh"
lock "$kind-$kernel"
id=$({
	printf '%s\n' 1 "$sum"
	in_root gcc -dumpfullversion
	fragment
} | sha256sum | cut -c1-12)
out=$CACHE/$kind/$kernel-$id
if [ ! -e "$out/release" ]; then
	mkdir -p "$(dirname "$log")" "$CACHE/$kind"
	rm -rf "$out" "$out.new"
	mkdir "$out.new"
	set +e
	(
		set -e
		build_kernel "$out.new"
	) > >(tee "$log" >&2) 2>&1
	rc=$?
	set -e
	[ "$rc" = 0 ] || die "no $kind kernel; log: $log"
	mv "$out.new" "$out"
fi
make_initrd "$out"
install_stage
printf '%s\n' "$out"
