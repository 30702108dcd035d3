#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Scenarios that have the same verdict, all columns, as another one.

usage: duplicates.py REFERENCE.tsv
Exit 1 when there are any.
"""
import sys


def main():
    """See above."""
    seen, bad = {}, 0
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                continue
            name, verdict = line.rstrip("\n").split("\t", 1)
            if not verdict.startswith("not run: "):
                seen.setdefault(verdict, []).append(name)
    for verdict, names in seen.items():
        if len(names) > 1:
            bad = 1
            print(" ".join(names) + "\n\t" + verdict)
    sys.exit(bad)


main()
