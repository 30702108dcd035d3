#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Scenarios that have the same verdict, all columns, as another one.

usage: duplicates.py REFERENCE.tsv [ALLOWED]
ALLOWED names the scenarios that have a mutant only they kill, one a line.
Exit 1 when there are others.
"""
import sys


def main():
    """See above."""
    allowed, seen, bad = set(), {}, 0
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            allowed = {line.split()[0] for line in file if line.strip() and line[0] != "#"}
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            name, verdict = line.rstrip("\n").split("\t", 1)
            if name not in allowed and not verdict.startswith("not run: "):
                seen.setdefault(verdict, []).append(name)
    for verdict, names in seen.items():
        if len(names) > 1:
            bad = 1
            print(" ".join(names) + "\n\t" + verdict)
    sys.exit(bad)


main()
