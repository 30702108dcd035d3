#!/bin/bash
# compare.py, duplicates.py and mutate.py find what they are there to find.
# usage: selftest.sh
set -euo pipefail

FID=$(cd "$(dirname "$0")" && pwd)
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
failed=0

# row NAME BIND: a verdict.
row() { printf '%s\t%s\tok\t1 equal\tnone\tfreed\t-\n' "$1" "$2"; }
entry() { # NAME SCENARIO INSTEAD [SOURCE]
	# shellcheck disable=SC2016 # back quotes of the table
	printf '| %s | %s | 6.16.1 | %s | %s |\n' "$1" "$2" "$3" "${4-\`net/core/dev.c:1\`}"
}
# shellcheck disable=SC2317 # called by expect
compare() { python3 "$FID/compare.py" "$@" "$DIR" "$DIR/ref" "$DIR/doc" 6.16.1/auto; }

# expect NAME STATUS TEXT COMMAND...
expect() {
	local name=$1 want=$2 text=$3 rc=0 said
	shift 3
	said=$("$@" 2>&1) || rc=$?
	if [ "$rc" = "$want" ] && [[ $said = *"$text"* ]]; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		printf '# status %s\n# %s\n' "$rc" "${said//$'\n'/$'\n'# }"
		failed=1
	fi
}

{ row a ok && row b EINVAL && row c 'not run: it crashes'; } >"$DIR/ref"
{ row a ok && row b EBADF && row c ok; } >"$DIR/6.16.1-auto.tsv"
{ entry K1 b 'bind: EBADF' && entry D1 c 'bind: ok'; } >"$DIR/doc"
expect "what is listed is accepted" 0 "1 equal, 2 differ as listed, 0 wrong" compare --all

entry D1 c 'bind: ok' >"$DIR/doc"
expect "a difference that is not listed" 1 "b: bind: EBADF and not EINVAL" compare
{ entry K1 b 'bind: ENODEV' && entry D1 c 'bind: ok'; } >"$DIR/doc"
expect "another difference than the listed one" 1 "b: bind: EBADF and not EINVAL" compare
{ entry K1 'a, b' 'bind: EBADF' && entry D1 c 'bind: ok'; } >"$DIR/doc"
expect "a listed difference that is not there" 1 "a: K1 is listed, but does not occur" compare
{ entry K1 b 'bind: EBADF' && entry D1 c 'bind: ok' && entry K2 z 'bind: ok'; } >"$DIR/doc"
expect "an entry about no scenario" 1 "K2: no scenario z" compare --all
entry X1 b 'bind: EBADF' >"$DIR/doc"
expect "a class that is none" 1 "the class is none of" compare
entry K1 b 'bind: EBADF' 'somewhere' >"$DIR/doc"
expect "an entry without a source line" 1 "no source line" compare

{ entry K1 b 'bind: EBADF' && entry D1 c 'bind: ok'; } >"$DIR/doc"
sed -i '/^a/d' "$DIR/6.16.1-auto.tsv"
expect "a verdict that is missing" 1 "a: no verdict" compare
{ row a ok && row b EBADF && row c ok && row d ok; } >"$DIR/6.16.1-auto.tsv"
expect "a verdict that the reference does not know" 1 "d: not in the reference" compare

expect "different verdicts" 0 "" python3 "$FID/duplicates.py" "$DIR/ref"
row e ok >>"$DIR/ref"
expect "two scenarios that say the same" 1 "a e" python3 "$FID/duplicates.py" "$DIR/ref"

printf 'what: x\nfile: f\n---\none\n+++\ntwo\n' >"$DIR/m"
printf 'one\nthree\n' >"$DIR/f"
expect "a mutant is made" 0 "" python3 "$FID/mutate.py" "$DIR/m" "$DIR"
expect "it is the change" 0 "two" cat "$DIR/f"
expect "a mutant that does not fit" 1 "is there 0 times" python3 "$FID/mutate.py" "$DIR/m" "$DIR"
exit "$failed"
