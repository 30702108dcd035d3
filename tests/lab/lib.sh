# shellcheck shell=bash
# Helpers for the scripts of the lab that run on the host. Source it.
#
#   NETMEM_TX_CACHE    downloads and built roots (default /var/cache/netmem-tx)
#   NETMEM_TX_MIRROR   Debian mirror, ".../debian" (default: the one apt uses)

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TREE=$(cd "$LAB/../.." && pwd)
CACHE=${NETMEM_TX_CACHE:-/var/cache/netmem-tx}
PINS=$LAB/kernels.pins
NEXT_PINS=$CACHE/next.pins # made by next.sh

info() { printf '== %s\n' "$*" >&2; }
die() {
	printf 'netmem-tx lab: %s\n' "$*" >&2
	exit 1
}

need_root() { [ "$(id -u)" = 0 ] || die "run this as root"; }

# Hold lock NAME until this shell ends.
lock() {
	local fd
	mkdir -p "$CACHE"
	exec {fd}>"$CACHE/$1.lock"
	flock -n "$fd" || {
		info "waiting for another run that holds $CACHE/$1.lock"
		flock "$fd"
	}
}

# apt_install PACKAGE...: quietly; what apt said is shown when it fails.
apt_install() {
	local said
	need_root
	command -v apt-get >/dev/null ||
		die "needs $*: install them (no apt-get on this machine)"
	info "installing $*"
	said=$(
		export DEBIAN_FRONTEND=noninteractive
		{
			apt-get update -qq &&
				apt-get install -qq -y --no-install-recommends "$@"
		} </dev/null 2>&1
	) || {
		tail -n 20 <<<"$said" >&2
		die "apt-get could not install $*"
	}
}

# need_tools COMMAND=PACKAGE...: install what is missing on this machine.
need_tools() {
	local pair missing=()
	for pair; do
		command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	[ "${#missing[@]}" = 0 ] || apt_install "${missing[@]}"
}

need_lab_tools() {
	need_tools mmdebstrap=mmdebstrap mke2fs=e2fsprogs xz=xz-utils \
		unshare=util-linux
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		apt_install debian-archive-keyring
}

# Packages of the root; its name is a hash of this list.
ROOT_PACKAGES=(
	gcc-14 gcc make libc6-dev binutils dkms kmod bpftool clang llvm libbpf-dev
	libmnl-dev linux-libc-dev libelf-dev libssl-dev zlib1g-dev pkg-config
	pahole sparse python3 perl flex bison openssl patch cpio xz-utils zstd bc
	iproute2 iputils-ping ethtool tcpdump nftables procps udev util-linux
	busybox-static bash coreutils findutils grep sed gawk file strace
)

root_hash() {
	printf '%s\n' trixie 2 "${ROOT_PACKAGES[@]}" | sha256sum | cut -c1-12
}
ROOT_ID=$(root_hash)
ROOT=$CACHE/root-$ROOT_ID

# The mirror of Debian that apt uses here; on other distributions the one
# that mmdebstrap wrote into the root.
mirror() {
	local uri
	if [ -n "${NETMEM_TX_MIRROR:-}" ]; then
		printf '%s\n' "${NETMEM_TX_MIRROR%/}"
		return
	fi
	# shellcheck disable=SC2016 # apt expands these names
	uri=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(SITE)' \
		'Created-By: Packages' 2>/dev/null |
		awk '$1 == "Debian" && $2 == "Debian" { print $3; exit }')
	if [ -z "$uri" ] && [ -e "$ROOT/etc/apt/sources.list" ]; then
		uri=$(awk '$1 == "deb" { sub(/\/$/, "", $2); print $2; exit }' \
			"$ROOT/etc/apt/sources.list")
	fi
	[ -n "$uri" ] || die "no Debian mirror in apt's sources: set NETMEM_TX_MIRROR to one"
	printf '%s\n' "$uri"
}

# trixie_into DIR OPTION...: packages of Debian trixie by mmdebstrap, without what
# no test reads. On other distributions mmdebstrap knows a mirror.
trixie_into() {
	local dir=$1 from=()
	shift
	if [ -n "${NETMEM_TX_MIRROR:-}" ] || [ "$(. /etc/os-release && echo "$ID")" = debian ]; then
		from=("$(mirror)")
	fi
	nice mmdebstrap --quiet --mode=root "$@" \
		--keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		trixie "$dir" "${from[@]}" >&2 ||
		die "mmdebstrap failed: is the mirror reachable? (NETMEM_TX_MIRROR sets one)"
}

# pins KERNEL ROLE...: lines "sha256 pool-path", in the order of the file.
pins() {
	local kernel=$1
	shift
	awk -v k="$kernel" -v roles=" $* " \
		'$1 == k && index(roles, " " $2 " ") { print $4, $5 }' "$PINS" \
		"$([ -e "$NEXT_PINS" ] && echo "$NEXT_PINS" || echo /dev/null)"
}

known_kernels() { awk '!/^#/ && NF { print $1 }' "$PINS" | sort -Vu | xargs; }

# in_root COMMAND...: chroot with /proc, /sys and /dev that vanish afterwards.
# shellcheck disable=SC2016 # expanded by the inner shell
in_root() {
	unshare --mount --propagation private -- sh -ec '
		root=$1
		shift
		mount -t proc proc "$root/proc"
		mount -t sysfs -o ro sysfs "$root/sys"
		mount --bind /dev "$root/dev"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
			TERM=dumb chroot "$root" "$@"
	' sh "$ROOT" "$@"
}

# hash_tree PATH...: one hash of all source files there, names and contents.
hash_tree() {
	(
		cd "$TREE" || exit
		find "$@" -type f ! -name '*.o' ! -name '*.ko' ! -name '*.mod*' \
			! -name '.*.cmd' ! -name '*.symvers' ! -name modules.order \
			2>/dev/null | LC_ALL=C sort | xargs -r sha256sum
		printf '%s\n' "$ROOT_ID"
	) | sha256sum | cut -c1-16
}
