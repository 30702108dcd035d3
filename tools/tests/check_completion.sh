#!/bin/bash
# The completions of bash, zsh and fish offer all objects that nmtx has, and
# the keywords of "lease add". A shell that is not installed is skipped. TAP.
# usage: check_completion.sh NMTX
set -euo pipefail

nmtx=${1:?usage: check_completion.sh NMTX}
here=$(cd "$(dirname "$0")/../completion" && pwd)
count=0 failed=0

objects=$("$nmtx" help | tr -d '\n' | sed 's/.*OBJECT := {\([^}]*\)}.*/\1/' | tr '|' ' ')

# offers SHELL WANTED...: are they all in stdin? As many words as wanted, at
# least, so that an empty list of objects is an error.
offers() {
	local shell=$1 words word missing=''
	shift
	words=" $(tr '\n' ' ') "
	count=$((count + 1))
	for word; do
		[[ $words == *" $word "* ]] || missing+=" $word"
	done
	if [ -z "$missing" ] && [ $# -gt 2 ]; then
		printf 'ok %d - completion: %s\n' "$count" "$shell"
		return
	fi
	failed=$((failed + 1))
	printf 'not ok %d - completion: %s\n# lacks%s, offers%s\n' "$count" "$shell" \
		"$missing" "$words"
}

skip() {
	count=$((count + 1))
	printf 'ok %d - completion: %s # SKIP not installed\n' "$count" "$1"
}

in_bash() { # WORD...
	bash -c '. "$1" && shift && COMP_WORDS=("$@" "") COMP_CWORD=$# &&
		_nmtx && printf "%s\n" "${COMPREPLY[@]}"' bash "$here/nmtx.bash" "$@"
}

# compadd is what would put the words on the screen.
in_zsh() { # WORD...
	zsh -fc 'compadd() {
			local -a names
			while [[ $1 == -* ]]; do
				case $1 in
				-a) names=(${(P)2}); set -- ;;
				-F) shift 2 ;;
				--) shift; break ;;
				esac
			done
			print -l -- $names "$@"
		}
		file=$1; shift
		words=("$@" ""); CURRENT=$#words
		source $file' zsh "$here/_nmtx" "$@"
}

# shellcheck disable=SC2016 # expanded by fish
in_fish() { fish -c 'source $argv[1]; complete -C "$argv[2] "' "$here/nmtx.fish" "$*" | cut -f1; }

for shell in bash zsh fish; do
	if command -v "$shell" >/dev/null; then
		# shellcheck disable=SC2086 # words
		offers "$shell: objects" $objects < <("in_$shell" nmtx)
		offers "$shell: lease add" dev netns nic queue < <("in_$shell" nmtx lease add)
		offers "$shell: top" interval count help < <("in_$shell" nmtx top)
		offers "$shell: doctor" dev netns nic root < <("in_$shell" nmtx doctor)
	else
		skip "$shell"
	fi
done
printf '1..%d\n' "$count"
[ "$failed" = 0 ]
