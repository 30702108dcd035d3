# shellcheck shell=bash
# What run.sh and mutants.sh share. Source it after tests/lab/lib.sh.

DEBUG=$TREE/tests/debug
# Under TCG these kernels are some 4 times slower than the stock ones.
# shellcheck disable=SC2034 # of those that source it
SLOW=$((5 * ${NETMEM_TX_SLOW:-1}))

# debug_kernel NAME: VERSION-debug or VERSION-kcsan, built once, to a directory
# beside the stock kernels, where tests/lab finds it.
debug_kernel() {
	local dir
	dir=$("$DEBUG/build.sh" "$1") || return
	mkdir -p "$CACHE/kernels/$ROOT_ID"
	ln -sfn "$dir" "$CACHE/kernels/$ROOT_ID/$1"
}

# debug_guest DIR: what the guest needs of this folder.
debug_guest() {
	mkdir -p "$1/lab/debug"
	cp "$DEBUG"/guest/* "$1/lab/debug/"
}
