#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Make one change to a tree, as mutants/*.mutant says.

usage: mutate.py MUTANT TREE
After its head, the file has the text to look for, behind a line "---", and
what takes its place, behind "+++". It must be there once.
"""
import os
import sys


def main():
    """See above."""
    with open(sys.argv[1], encoding="utf-8") as file:
        head, rest = file.read().split("\n---\n", 1)
    old, new = rest.split("+++\n", 1)
    name = dict(line.split(": ", 1) for line in head.splitlines())["file"]
    path = os.path.join(sys.argv[2], name)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.count(old) != 1:
        sys.exit(f"{sys.argv[1]}: what it changes is there {text.count(old)} times in {name}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


main()
