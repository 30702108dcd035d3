# shellcheck shell=bash
# Helpers of the checks in tests/lint. Source it, after `set -euo pipefail`.
#
# A check is an executable file here. It prints one line for each finding,
# "path:line: text" where it can, and exits 0 without findings, 1 with some,
# another status when it could not run.

LINT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$LINT/../lab/lib.sh"
cd "$TREE" || exit

# The kernel whose source package has the tools that are used.
LINT_SOURCE=6.18.15

# tree_files GLOB...: files of the tree, those not yet added too.
tree_files() {
	if [ -e .git ]; then
		git ls-files -co --exclude-standard -- "$@"
	else
		local glob find=(-false)
		for glob; do
			find+=(-o -path "./$glob")
		done
		find . -path ./build -prune -o -type f \( "${find[@]}" \) -print |
			sed 's,^\./,,'
	fi | while read -r file; do
		[ ! -f "$file" ] || [ -L "$file" ] || printf '%s\n' "$file"
	done | LC_ALL=C sort -u
}

# Shell scripts: by name, or by their first line.
shell_files() {
	local file first
	tree_files '*' | while read -r file; do
		case $file in
		*.sh) printf '%s\n' "$file" && continue ;;
		*.*) [ "${file##*/}" = "${file##*/.}" ] && continue ;;
		esac
		IFS= read -r first <"$file" 2>/dev/null || continue
		case $first in
		'#!'*bash* | '#!'*/sh* | '#!'*busybox\ sh | '# shellcheck shell='*)
			printf '%s\n' "$file"
			;;
		esac
	done
}

# The scripts/ directory of the pinned source package, the parts used here.
kernel_scripts() {
	local sum path dir stage
	read -r sum path < <(pins "$LINT_SOURCE" source) ||
		die "no source package of $LINT_SOURCE in kernels.pins"
	dir=$CACHE/lint/${sum:0:16}
	if [ ! -e "$dir/scripts" ]; then
		"$LAB/fetch.sh" "$LINT_SOURCE" source
		need_tools xz=xz-utils >&2
		info "unpacking checkpatch and kernel-doc from ${path##*/}"
		stage=$(mktemp -d "$CACHE/lint.XXXXXX")
		dpkg-deb --fsys-tarfile "$CACHE/debs/${path##*/}" |
			tar -x -O --wildcards '*/linux-source-*.tar.xz' | xz -dc |
			tar -x -C "$stage" --strip-components=1 --wildcards \
				'linux-source-*/scripts/checkpatch.pl' \
				'linux-source-*/scripts/spelling.txt' \
				'linux-source-*/scripts/const_structs.checkpatch' \
				'linux-source-*/scripts/kernel-doc*' \
				'linux-source-*/scripts/lib/kdoc'
		mkdir -p "$dir"
		mv "$stage/scripts" "$dir/"
		rmdir "$stage"
	fi
	printf '%s\n' "$dir/scripts"
}

# findings: print stdin; exit status 1 when there was any.
findings() { ! grep ''; }
