#!/bin/bash
# Run the static checks of tests/lint.
# usage: lint.sh [CHECK...]       (default: all; see the list below)
#	checkpatch   the kernel's checkpatch.pl --strict
#	kernel-doc   the kernel's scripts/kernel-doc
#	rules        sizes, version tests, pins, hosts
#	shell        shellcheck and shfmt
#	sparse       sparse and W=1, against the headers of several kernels
# Ends with one summary line; exit 1 when a check failed or could not run.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- rules shell checkpatch kernel-doc sparse
passed=() failed=()

for check; do
	[ -x "$here/lint/$check" ] || {
		printf 'lint: no check "%s" in tests/lint\n' "$check" >&2
		exit 2
	}
	if "$here/lint/$check"; then
		printf 'lint: %s: clean\n' "$check"
		passed+=("$check")
	else
		printf 'lint: %s: FAILED (status %d)\n' "$check" "$?"
		failed+=("$check")
	fi
done
if [ "${#failed[@]}" -gt 0 ]; then
	printf 'lint: %d of %d checks failed: %s\n' "${#failed[@]}" "$#" "${failed[*]}"
	exit 1
fi
printf 'lint: all %d checks clean: %s\n' "$#" "${passed[*]}"
