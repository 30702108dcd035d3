#!/bin/bash
# Compare the indirect calls and jumps in a built module with a short list.
#
# usage: check.sh [--allowed FILE] [--list] MODULE.ko[.xz|.zst|.gz]...
#
# On a host with indirect branch tracking, a call through a pointer into a
# kernel function that is not exported is fatal (docs/design.md), and no
# emulator shows it. So this reads the object code: every `call *`, `jmp *`
# and every call of or jump to a retpoline thunk is a site. For each MODULE it
# writes two TAP lines, "ok N - ..." or "not ok N - ...", with "# ..." lines
# that name the sites, then the plan "1..N". The exit status is 1 when a line
# is "not ok", 2 when it cannot tell.
#
#   --allowed FILE   the list (default: allowed.txt beside this script)
#   --list           print all sites and compare nothing
#
# Needs objdump and awk; addr2line for source lines when MODULE has debug info.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
allowed=$here/allowed.txt
list=
count=0
failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

die() {
	printf 'indirect/check.sh: %s\n' "$*" >&2
	exit 2
}

# Where a plain ELF file of $1 is; unpacks it when it is compressed.
plain() {
	local out
	out=$tmp/$(basename "$1")
	case $1 in
	*.xz) xz -dc "$1" >"${out%.xz}" && echo "${out%.xz}" ;;
	*.zst) zstd -qdc "$1" >"${out%.zst}" && echo "${out%.zst}" ;;
	*.gz) gzip -dc "$1" >"${out%.gz}" && echo "${out%.gz}" ;;
	*) echo "$1" ;;
	esac
}

# One line a site: function, target, section, offset. The target is "register"
# or "memory", or the symbol that a relocation of the operand names.
sites() {
	objdump -dr --no-show-raw-insn "$1" | awk '
		function flush() {
			if (pending)
				print func_name "\t" target "\t" section "\t" offset
			pending = 0
		}
		/^Disassembly of section / {
			flush()
			section = $4
			sub(/:$/, "", section)
			func_name = "(" section ")"
			next
		}
		/^[0-9a-f]+ <.*>:$/ {
			flush()
			func_name = $2
			gsub(/^<|>:$/, "", func_name)
			sub(/\.(isra|constprop|part|cold|lto_priv).*$/, "", func_name)
			next
		}
		/^[ \t]+[0-9a-f]+: R_X86_64_/ {
			symbol = $3
			sub(/[-+]0x[0-9a-f]+$/, "", symbol)
			if (pending)
				target = symbol
			else if (branch && symbol ~ /^__x86_indirect_(call_|jump_)?thunk_/) {
				target = "register"
				pending = 1
			}
			next
		}
		/^[ \t]+[0-9a-f]+:\t/ {
			flush()
			offset = $1
			sub(/:$/, "", offset)
			branch = $0 ~ /\t([a-z]+ +)*l?(call|jmp)q? /
			if ($0 ~ /\t([a-z]+ +)*l?(call|jmp)q? +\*/) {
				target = $0 ~ /\*%/ ? "register" : "memory"
				pending = 1
			} else if ($0 ~ /<__x86_indirect_(call_|jump_)?thunk_/) {
				target = "register"
				pending = 1
			}
		}
		END { flush() }'
}

# describe FILE: the same lines for a reader, with source lines if there are any.
describe() {
	local func target section offset where
	while IFS=$'\t' read -r func target section offset; do
		where=$(addr2line -e "$1" -j "$section" -i -p -f "0x$offset" 2>/dev/null |
			sed -e 's/ (inlined by) / <- /' -e '/ at ??/d' | tr -d '\n') || where=
		printf '%s (%s) at %s+0x%s%s\n' "$func" "$target" "$section" "$offset" \
			"${where:+: $where}"
	done
}

# extra_sites LIST, sites on stdin: those that LIST does not allow.
extra_sites() {
	awk -F'\t' '
		function like(name, glob) {
			gsub(/[.]/, "[.]", glob)
			gsub(/[*]/, ".*", glob)
			return name ~ "^(" glob ")$"
		}
		side == 1 {
			if ($0 !~ /^(#|$)/) {
				n++
				func_glob[n] = $1
				target[n] = $2
				most[n] = $3
				sub(/^.*-/, "", most[n])
			}
			next
		}
		{
			for (i = 1; i <= n; i++)
				if (like($1, func_glob[i]) && $2 == target[i] &&
				    ++seen[i, func_glob[i] ~ /[*]/ ? $1 : ""] <= most[i] + 0)
					next
			print
		}' side=1 "$1" side=2 -
}

# gone_lines LIST, sites on stdin: the lines of LIST with too few sites.
gone_lines() {
	awk -F'\t' '
		function like(name, glob) {
			gsub(/[.]/, "[.]", glob)
			gsub(/[*]/, ".*", glob)
			return name ~ "^(" glob ")$"
		}
		side == 1 { site[NR] = $1; how[NR] = $2; sites = NR; next }
		/^(#|$)/ { next }
		{
			found = 0
			for (i = 1; i <= sites; i++)
				found += like(site[i], $1) && how[i] == $2
			least = $3
			sub(/-.*$/, "", least)
			if (found < least + 0)
				print $1 " (" $2 "): " found " of " least " sites"
		}' side=1 - side=2 "$1"
}

# tap DESCRIPTION FILE: ok when FILE is empty, else its lines as diagnosis.
tap() {
	count=$((count + 1))
	if [ -s "$2" ]; then
		failed=1
		printf 'not ok %d - %s\n' "$count" "$1"
		sed 's/^/# /' "$2"
	else
		printf 'ok %d - %s\n' "$count" "$1"
	fi
}

check_list() {
	[ -r "$allowed" ] || die "cannot read $allowed"
	awk -F'\t' '/^(#|$)/ { next }
		NF != 4 || $3 !~ /^[0-9]+(-[0-9]+)?$/ || $4 == "" { print FILENAME ":" FNR; bad = 1 }
		END { exit bad }' "$allowed" >&2 ||
		die "these lines are not: function<TAB>target<TAB>sites<TAB>reason"
}

check_module() {
	local file name
	[ -r "$1" ] || die "cannot read $1"
	file=$(plain "$1") || die "cannot unpack $1"
	name=$(basename "$file")
	[ "$(od -An -tx1 -j18 -N2 "$file" | tr -d ' ')" = 3e00 ] ||
		die "$1 is not an x86-64 object"
	sites "$file" >"$tmp/sites" || die "objdump cannot read $1"
	if [ -n "$list" ]; then
		describe "$file" <"$tmp/sites"
		return
	fi
	extra_sites "$allowed" <"$tmp/sites" | describe "$file" >"$tmp/extra"
	gone_lines "$allowed" <"$tmp/sites" >"$tmp/gone"
	tap "$name has no indirect call or jump that is not on the list" "$tmp/extra"
	tap "$name has every indirect call that is on the list" "$tmp/gone"
}

while [ $# -gt 0 ]; do
	case $1 in
	--allowed) allowed=${2:?} && shift 2 ;;
	--list) list=1 && shift ;;
	-*) die "no option $1" ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || die "usage: check.sh [--allowed FILE] [--list] MODULE.ko..."
command -v objdump >/dev/null || die "needs objdump: install binutils"
check_list
for module; do
	check_module "$module"
done
[ -n "$list" ] || printf '1..%d\n' "$count"
exit "$failed"
