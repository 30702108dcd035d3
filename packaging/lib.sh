# shellcheck shell=bash disable=SC2034
# Helpers of the scripts in packaging/: the roots that packages are built and
# tried in. Source it, after `set -euo pipefail`.

PACKAGING=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$PACKAGING/../tests/lab/lib.sh"

VERSION=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TREE/dkms.conf")
OUT=$TREE/build/packages
TARBALL=$OUT/netmem-tx-$VERSION.tar.xz

# What builds and checks packages of all three kinds.
BUILD_PACKAGES=(
	build-essential debhelper dh-dkms devscripts lintian fakeroot rpm rpmlint
	makepkg pacman-package-manager libarchive-tools zstd xz-utils dkms
	libmnl-dev libbpf-dev libelf-dev zlib1g-dev clang llvm bpftool pkgconf
	elfutils debugedit python3 python3-yaml python3-jsonschema mandoc kmod bash-completion zsh
	fish systemd-dev
)

# A host as it is before our packages come: apt works, a kernel's headers can
# be installed.
HOST_PACKAGES=(apt ca-certificates kmod gcc-14 make systemd udev)

# make_root NAME PACKAGE...: a trixie root, cached by its list; prints its path.
make_root() {
	local name=$1 id root list
	shift
	id=$(printf '%s\n' trixie "$@" | sha256sum | cut -c1-12)
	root=$CACHE/$name-$id
	if [ ! -d "$root" ]; then
		need_tools mmdebstrap=mmdebstrap >&2
		info "making $root"
		list=$(
			IFS=,
			printf '%s' "$*"
		)
		rm -rf "$root.new"
		nice mmdebstrap --quiet --mode=root --variant=minbase \
			--include="$list" --aptopt='APT::Install-Recommends "false"' \
			--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
			trixie "$root.new" "$(mirror)" >&2 ||
			die "mmdebstrap failed: is the mirror reachable? (NETMEM_TX_MIRROR sets one)"
		mv "$root.new" "$root"
	fi
	printf '%s\n' "$root"
}

# fresh_root BASE COMMAND...: run COMMAND with ROOT set to a throw-away copy of
# BASE, which is an overlay in a mount namespace of its own.
fresh_root() {
	local base=$1 saved=$ROOT dir rc=0
	shift
	dir=$(mktemp -d "$CACHE/fresh.XXXXXX")
	mkdir "$dir/upper" "$dir/work" "$dir/root"
	mount -t overlay overlay "$dir/root" \
		-o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work"
	cp /etc/resolv.conf "$dir/root/etc/" 2>/dev/null || true
	# Not in an "if": there set -e would be off.
	ROOT=$dir/root
	set +e
	(
		set -e
		"$@"
	)
	rc=$?
	set -e
	ROOT=$saved
	umount "$dir/root"
	rm -rf "$dir"
	return "$rc"
}

# logged NAME COMMAND...: its output goes to build/logs/NAME.log.
logged() {
	local log=$TREE/build/logs/$1.log rc
	shift
	mkdir -p "$TREE/build/logs"
	# Not in an "if" or "||": there set -e would be off.
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1
	rc=$?
	set -e
	[ "$rc" != 0 ] || return 0
	tail -n 30 "$log" >&2
	die "failed: ${log#"$TREE/"}"
}
