# SPDX-License-Identifier: GPL-2.0-only
# bash completion for nmtx

_nmtx_devices() {
	local dev
	for dev in /sys/class/net/*; do
		printf '%s\n' "${dev##*/}"
	done
}

_nmtx_netns() {
	local ns
	for ns in /run/netns/*; do
		[[ -e $ns ]] && printf '%s\n' "${ns##*/}"
	done
}

# Words that may follow, given object, command and the word before.
_nmtx_words() {
	local object=$1 command=$2 prev=$3
	case $prev in
	dev | nic)
		_nmtx_devices
		return
		;;
	netns)
		_nmtx_netns
		return
		;;
	addr | queue | interval | count) return ;;
	root)
		compgen -d
		return
		;;
	esac
	case $object/$command in
	/) echo "dev lease binding stats status drain monitor top redirect doctor help" ;;
	dev/ | binding/) echo "show help" ;;
	lease/ | redirect/) echo "show add del help" ;;
	stats/ | status/) echo "show help" ;;
	drain/) echo "on off help" ;;
	top/*) echo "interval count help" ;;
	doctor/*) echo "dev netns nic root help" ;;
	dev/show) _nmtx_devices ;;
	lease/add) echo "dev netns nic queue" ;;
	lease/del) echo "dev netns nic" ;;
	redirect/add) echo "dev nic addr tcx" ;;
	redirect/del) echo "dev nic" ;;
	esac
}

_nmtx() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev="" object="" command="" word
	COMPREPLY=()
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "-json -pretty -Version -help" -- "$cur")
		return
	fi
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ $word == -* ]] && continue
		if [[ -z $object ]]; then
			object=$word
		elif [[ -z $command ]]; then
			command=$word
		else
			prev=$word
		fi
	done
	mapfile -t COMPREPLY < <(compgen -W "$(_nmtx_words "$object" "$command" "$prev")" -- "$cur")
}

complete -F _nmtx nmtx
