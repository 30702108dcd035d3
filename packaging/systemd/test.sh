#!/bin/bash
# make check-scripts: the script of netmem-tx.service says why the module did not
# load, with a modprobe and a kernel log that are made up. No VM, no root. TAP.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/bin" "$work/sys/module" "$work/sys/kernel/security"
# shellcheck disable=SC2016 # expanded when it runs
printf '#!/bin/sh\ncat "$WORK/log"\n' >"$work/bin/dmesg"
printf '#!/bin/sh\necho 6.18.99\n' >"$work/bin/uname"
cat >"$work/bin/modprobe" <<'END'
#!/bin/sh
case $(cat "$WORK/answer") in
loaded) mkdir "$WORK/sys/module/netmem_tx" ;;
blacklisted) ;;
*) cat "$WORK/answer" >&2 && exit 1 ;;
esac
END
chmod +x "$work"/bin/*

count=0 failed=0
# expect STATUS TEXT ANSWER: what is said when modprobe says ANSWER.
expect() {
	local status=0 said
	count=$((count + 1))
	printf '%s\n' "$3" >"$work/answer"
	said=$(PATH="$work/bin:$PATH" WORK="$work" NMTX_SYSFS="$work/sys" \
		"$here/load" 2>&1) || status=$?
	rm -rf "$work/sys/module/netmem_tx"
	if [ "$status" = "$1" ] && [[ $said == *"$2"* ]] && [ "$(grep -c '' <<<"$said")" = 1 ]; then
		printf 'ok %d - load: %s\n' "$count" "$3"
		return
	fi
	failed=$((failed + 1))
	printf 'not ok %d - load: %s\n# status %s: %s\n' "$count" "$3" "$status" "$said"
}

: >"$work/log"
echo '[none] integrity confidentiality' >"$work/sys/kernel/security/lockdown"
expect 0 '' loaded
expect 0 'on a blacklist' blacklisted
expect 1 'install the headers of this kernel' \
	'modprobe: FATAL: Module netmem_tx not found in directory /lib/modules/6.18.99'
expect 1 'not signed with a key' "could not insert 'netmem_tx': Key was rejected by service"
expect 1 'not signed with a key' "could not insert 'netmem_tx': Required key not available"
expect 1 'built for another kernel' "could not insert 'netmem_tx': Exec format error"
expect 1 'did not load: could not' "could not insert 'netmem_tx': Operation not permitted"
echo 'none [integrity] confidentiality' >"$work/sys/kernel/security/lockdown"
expect 1 'not signed with a key' "could not insert 'netmem_tx': Operation not permitted"
printf '[ 1.0] netmem_tx: unloaded\n[ 2.0] netmem_tx: refused: ftrace is off\n' >"$work/log"
expect 1 'did not load: refused: ftrace is off' "could not insert 'netmem_tx': Device or resource busy"
printf '1..%d\n' "$count"
[ "$failed" = 0 ]
