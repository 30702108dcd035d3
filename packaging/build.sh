#!/bin/bash
# Build packages from the source tarball, in a Debian root, and check them.
# usage: build.sh source|deb|rpm|arch...
# Results are in build/packages. Root is needed, for the chroot.
set -euo pipefail
# shellcheck source=packaging/lib.sh
. "$(dirname "$0")/lib.sh"

epoch() { tar -tvf "$TARBALL" --full-time --utc "netmem-tx-$VERSION/dkms.conf" |
	awk '{ print $4 " " $5 }' | date -u -f - +%s; }

# run_in_root DIR COMMAND...: in DIR of the root, not as the cleaner of /root.
run_in_root() {
	local dir=$1
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	in_root nice env "SOURCE_DATE_EPOCH=$(epoch)" sh -c 'cd "$1" && shift && exec "$@"' sh "$dir" "$@"
}

unpack() {
	mkdir -p "$ROOT/build"
	tar -C "$ROOT/build" -xf "$TARBALL"
	cp "$TARBALL" "$ROOT/build/"
}

debian_changelog() {
	cat <<-END
		netmem-tx ($VERSION-1) unstable; urgency=medium

		  * Version $VERSION; /usr/share/doc has the changes in words.

		 -- netmem-tx maintainers <maintainers@netmem-tx.example>  $(date -uRd "@$(epoch)")
	END
}

# lintian's tags that are fatal: all but what debian/*.lintian-overrides say.
build_deb() {
	local dir=/build/netmem-tx-$VERSION
	unpack
	mv "$ROOT/build/netmem-tx-$VERSION.tar.xz" \
		"$ROOT/build/netmem-tx_$VERSION.orig.tar.xz"
	cp -r "$ROOT$dir/packaging/debian" "$ROOT$dir/debian"
	debian_changelog >"$ROOT$dir/debian/changelog"
	run_in_root "$dir" dpkg-buildpackage -us -uc
	run_in_root /build sh -c 'lintian --allow-root --fail-on error,warning,info \
		--tag-display-limit 0 -i ./*.changes'
	cp "$ROOT"/build/*.{deb,dsc,buildinfo,changes,debian.tar.xz,orig.tar.xz} "$OUT/"
}

# filled FILE: the template with the version in it.
filled() { sed "s/@VERSION@/$VERSION/g" "$1"; }

build_rpm() {
	local top=/build/rpm
	unpack
	mkdir -p "$ROOT$top"/{SOURCES,SPECS}
	mv "$ROOT/build/netmem-tx-$VERSION.tar.xz" "$ROOT$top/SOURCES/"
	{
		filled "$ROOT/build/netmem-tx-$VERSION/packaging/rpm/netmem-tx.spec.in"
		printf '\n%%changelog\n* %s netmem-tx maintainers <maintainers@netmem-tx.example> - %s-1\n- Version %s\n' \
			"$(LC_ALL=C date -ud "@$(epoch)" '+%a %b %d %Y')" "$VERSION" "$VERSION"
	} >"$ROOT$top/SPECS/netmem-tx.spec"
	# --nodeps: what it needs is there, but as Debian's packages.
	run_in_root "$top" rpmbuild --nodeps --define "_topdir $top" \
		--define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" \
		--load "/build/netmem-tx-$VERSION/packaging/rpm/debian.macros" \
		-ba SPECS/netmem-tx.spec
	run_in_root "$top" sh -c "rpmlint --strict -c \
		/build/netmem-tx-$VERSION/packaging/rpm/rpmlint.toml \
		SPECS/netmem-tx.spec SRPMS/*.rpm \$(ls RPMS/*/*.rpm | grep -v debuginfo)"
	cp "$ROOT$top"/SRPMS/*.rpm "$ROOT$top"/RPMS/*/*.rpm "$OUT/"
}

build_arch() {
	local dir=/build/arch
	unpack
	mkdir -p "$ROOT$dir"
	mv "$ROOT/build/netmem-tx-$VERSION.tar.xz" "$ROOT$dir/"
	filled "$ROOT/build/netmem-tx-$VERSION/packaging/arch/PKGBUILD.in" |
		sed "s/@SHA256@/$(sha256sum <"$TARBALL" | cut -d' ' -f1)/" >"$ROOT$dir/PKGBUILD"
	in_root useradd -m builder
	mkdir -p "$ROOT/var/lib/pacman" # makepkg asks what is installed
	in_root chown -R builder: "$dir"
	# --nodeps: as for rpm.
	run_in_root "$dir" setpriv --reuid=builder --regid=builder --init-groups \
		env HOME=/build PKGEXT=.pkg.tar.zst makepkg --nodeps --noconfirm
	run_in_root "$dir" setpriv --reuid=builder --regid=builder --init-groups \
		sh -c 'makepkg --printsrcinfo >.SRCINFO'
	! grep -q "WARNING: Package contains reference" "$TREE/build/logs/package-arch.log" ||
		die "a package names the build directory"
	cp "$ROOT$dir/PKGBUILD" "$ROOT$dir/.SRCINFO" "$ROOT$dir"/*.pkg.tar.* "$OUT/"
	mv "$OUT/.SRCINFO" "$OUT/SRCINFO"
}

need_root
[ $# -gt 0 ] || die "usage: build.sh source|deb|rpm|arch..."
# stale KIND: what an earlier run left.
stale() {
	case $1 in
	deb) rm -f "$OUT"/netmem-tx*_*.* ;;
	rpm) rm -f "$OUT"/*.rpm ;;
	arch) rm -f "$OUT"/*.pkg.tar.* "$OUT/PKGBUILD" "$OUT/SRCINFO" ;;
	esac
}

"$PACKAGING/source.sh" "$OUT" >/dev/null
base=$(make_root build-root "${BUILD_PACKAGES[@]}")
for kind; do
	case $kind in
	source) ;;
	deb | rpm | arch)
		info "building $kind"
		stale "$kind"
		mkdir -p "$TREE/build/logs"
		logged "package-$kind" fresh_root "$base" "build_$kind"
		;;
	*) die "no packages of kind $kind" ;;
	esac
done
(cd "$OUT" && ls -1)
