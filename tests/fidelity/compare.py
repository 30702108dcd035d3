#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare the verdicts of kernels with those of the reference.

usage: compare.py [--all] RESULTS REFERENCE.tsv DOC.md RUN...
RUN is KERNEL/PASS; RESULTS has a file KERNEL-PASS.tsv for each.
Prints scenario x run: "=" equal, an entry of DOC where it differs as listed,
"X" where it differs otherwise, "?" without a verdict. Exit 1 when there is an
X or ?, or when a listed difference does not occur. --all: REFERENCE has all
scenarios, so an entry of DOC that is about none of them is wrong too.
"""
import fnmatch
import os
import re
import sys
from collections import namedtuple

COLUMNS = ("bind", "send", "delivered", "dropped", "binding", "seen")
CLASSES = {"K": "the old kernel leaves no choice",
           "D": "native has a defect that is not copied",
           "L": "leases are made in another way",
           "N": "native kernels differ among themselves"}
Entry = namedtuple("Entry", "name scenarios kernels instead source")


def fail(text):
    """Not even begun."""
    sys.exit(f"compare.py: {text}")


def read_verdicts(path):
    """{scenario: columns}"""
    found = {}
    if not os.path.exists(path):
        return found
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            name, *columns = line.rstrip("\n").split("\t")
            if name in found:
                fail(f"{path}: two verdicts for {name}")
            found[name] = dict(zip(COLUMNS, columns, strict=True))
    return found


def plain(text):
    """A cell without its back quotes."""
    return [word.strip() for word in re.sub("`", "", text).split(",") if word.strip()]


def read_entry(line):
    """One row of the table of differences."""
    cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
    if len(cells) != 5:
        fail(f"not five cells: {line}")
    name, scenarios, kernels, instead, source = cells
    if name[0] not in CLASSES or not re.fullmatch(r"[A-Z]\d+", name):
        fail(f"{name}: the class is none of {' '.join(CLASSES)}")
    want = {}
    for part in instead.replace("`", "").replace("\\|", "|").split(";"):
        column, _, value = part.strip().partition(": ")
        if column not in COLUMNS:
            fail(f"{name}: {column} is no column")
        want[column] = value.strip()
    if not re.search(r"`[\w/.-]+\.[ch]:\d+`", source):
        fail(f"{name}: no source line")
    return Entry(name, plain(scenarios), plain(kernels), want, source)


def read_doc(path):
    """The entries, in order."""
    with open(path, encoding="utf-8") as file:
        rows = [line for line in file if re.match(r"\| *[A-Z]\d+ *\|", line)]
    entries = [read_entry(row) for row in rows]
    names = [entry.name for entry in entries]
    if len(set(names)) != len(names):
        fail("two entries of one name")
    return entries


def covers(entry, scenario, run):
    """Is it about this scenario on this kernel and pass?"""
    return (any(fnmatch.fnmatchcase(scenario, one) for one in entry.scenarios) and
            any(fnmatch.fnmatchcase(run, one if "/" in one else one + "/*")
                for one in entry.kernels))


def matches(got, want, entry):
    """Is the difference the one that is listed?"""
    for column in COLUMNS:
        value = entry.instead.get(column)
        if value is not None:
            if not fnmatch.fnmatchcase(got[column], value):
                return False
        elif not want["bind"].startswith("not run: ") and got[column] != want[column]:
            return False
    return got != want


class Comparison:
    """The whole table."""

    def __init__(self, reference, entries):
        self.reference, self.entries = reference, entries
        self.wrong, self.counts, self.used = [], {}, set()

    def cell(self, scenario, run, got):
        """One cell, and what is wrong with it."""
        want = self.reference[scenario]
        listed = [entry for entry in self.entries if covers(entry, scenario, run)]
        if got is None:
            self.wrong.append(f"{run}: {scenario}: no verdict")
            return "?"
        for entry in listed:
            if matches(got, want, entry):
                self.used.add((entry.name, run))
                return entry.name
        if got == want:
            for entry in listed:
                self.wrong.append(f"{run}: {scenario}: {entry.name} is listed, but does not occur")
            return "=!" if listed else "="
        for column in COLUMNS:
            if got[column] != want[column]:
                self.wrong.append(f"{run}: {scenario}: {column}: "
                                  f"{got[column]} and not {want[column]}")
        return "X"

    def print(self, runs, results):
        """Header, rows, sums."""
        width = max(map(len, self.reference)) + 1
        for number, run in enumerate(runs):
            print(" " * width + "     " * number + "." + run)
        for scenario in self.reference:
            cells = []
            for run in runs:
                cells.append(self.cell(scenario, run, results[run].get(scenario)))
                self.counts.setdefault(run, []).append(cells[-1])
            print(f"{scenario:{width}}" + "".join(f"{cell:5}" for cell in cells).rstrip())

    def idle(self, runs):
        """Entries for these runs that are about no scenario."""
        for entry in self.entries:
            for pattern in entry.scenarios:
                if not fnmatch.filter(self.reference, pattern):
                    self.wrong.append(f"{entry.name}: no scenario {pattern}")
            for kernel in entry.kernels:
                here = [run for run in runs if fnmatch.fnmatchcase(
                    run, kernel if "/" in kernel else kernel + "/*")]
                if here and not any((entry.name, run) in self.used for run in here):
                    self.wrong.append(f"{entry.name}: does not occur on {kernel}")

    def summary(self, runs, results):
        """Numbers for each run; the status."""
        for run in runs:
            for scenario in sorted(set(results[run]) - set(self.reference)):
                self.wrong.append(f"{run}: {scenario}: not in the reference")
            cells = self.counts[run]
            listed = sum(cell[0] in CLASSES for cell in cells)
            equal = sum(cell == "=" for cell in cells)
            print(f"{run}: {len(cells)} scenarios, {equal} equal, "
                  f"{listed} differ as listed, {len(cells) - equal - listed} wrong")
        for text in self.wrong:
            print(f"wrong: {text}")
        return bool(self.wrong)


def main():
    """See above."""
    args = [arg for arg in sys.argv[1:] if arg != "--all"]
    if len(args) < 4:
        fail(__doc__)
    folder, reference, doc, *runs = args
    want = read_verdicts(reference)
    if not want:
        fail(f"no reference in {reference}")
    results = {run: read_verdicts(os.path.join(folder, run.replace("/", "-") + ".tsv"))
               for run in runs}
    table = Comparison(want, read_doc(doc))
    table.print(runs, results)
    if "--all" in sys.argv:
        table.idle(runs)
    sys.exit(table.summary(runs, results))


if __name__ == "__main__":
    main()
