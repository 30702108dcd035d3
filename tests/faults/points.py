#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""List the calls of a built module to the kernel that can fail.

usage: points.py [--all] MODULE.ko CALLEES.tsv

Read from the object code: every call of and every jump to a symbol that is not
in the module, every static call and every indirect call. CALLEES.tsv says how
each callee fails. One that it does not name is an error, so the list cannot
fall behind the code.

A line for each point: name, spec for nmtx_fault.ko, value that the call gives
back, whether it frees a message before. --all: one for each site, with its callee.
"""
import errno
import re
import subprocess
import sys
from collections import Counter

SKIPPED = {".static_call.text"}  # trampolines; the inline calls pass them by
SYMBOL = re.compile(r"^[0-9a-f]+ <(.*)>:$")
CODE = re.compile(r"^\s+([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*(.*)$")
RELOC = re.compile(r"^\s+[0-9a-f]+: R_X86_64_\w+\s+(\S+)$")
BRANCH = re.compile(r"^(?:cs |bnd |notrack )?(call|jmp|j[a-z]+)\b")


class Site:
    """A call or jump."""

    def __init__(self, section, function, start, address, length, kind):
        self.section, self.function = section, function
        self.offset, self.length, self.kind = address - start, length, kind
        self.callee = None


def instructions(path):
    """Yield (section, function, its start, address, length, text, reloc)."""
    text = subprocess.run(["objdump", "-dr", path], check=True,
                          capture_output=True, text=True).stdout
    section = function = last = None
    start = 0
    for line in text.splitlines():
        if line.startswith("Disassembly of section "):
            section = line.split()[3].rstrip(":")
        elif SYMBOL.match(line):
            if last:
                yield last
            last = None
            function = SYMBOL.match(line)[1]
            start = int(line.split()[0], 16)
        elif RELOC.match(line) and last:
            last[6] = re.sub(r"[-+]0x[0-9a-f]+$", "", RELOC.match(line)[1])
        elif CODE.match(line):
            address, code, text = CODE.match(line).groups()
            size = len(code.split())
            if last and not text:  # more bytes of a long instruction
                last[4] += size
                continue
            if last:
                yield last
            last = [section, function, start, int(address, 16), size, text, None]
    if last:
        yield last


def defined(path):
    """The symbols that the module has itself, and how often each."""
    out = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
    names = [line.split() for line in out.splitlines()]
    return Counter(name[-1] for name in names if name[-2] not in "Uw")


def sites(path):
    """All calls of and jumps to what is outside the module."""
    own = defined(path)
    for section, function, start, address, length, text, reloc in instructions(path):
        branch = BRANCH.match(text)
        if not branch or section in SKIPPED:
            continue
        kind = {"call": "c", "jmp": "j"}.get(branch[1], "?")
        site = Site(section, function, start, address, length, kind)
        if "*" in text or (reloc and reloc.startswith("__x86_indirect_thunk_")):
            site.callee = "*" + re.sub(r"[.](isra|constprop|part|cold).*$", "", function)
        elif reloc and reloc.startswith("__SCT__"):
            site.callee = reloc
            site.kind = {"c": "s"}.get(kind, "?")
        elif reloc and reloc not in own and not reloc.startswith("."):
            site.callee = reloc
        else:
            continue
        if own[function] > 1:
            sys.exit(f"two functions of the module are called {function}")
        yield site


def read_callees(path):
    """{callee: (how it fails, target of a static call)}"""
    callees = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                callee, how, why = line.rstrip("\n").split("\t")
                callees[callee] = (how, why)
    return callees


def known(callee, callees):
    """The line of the table for a callee; it may end with a star."""
    if callee in callees:
        return callees[callee]
    for name, line in callees.items():
        if name.endswith("*") and callee.startswith(name[:-1]):
            return line
    return None


def value_of(how):
    """What the call gives back, as a number."""
    if how in ("NULL", "false", "0"):
        return 0
    return -getattr(errno, how.lstrip("-"))


def point(site, line, number):
    """The line that is printed for a point."""
    how, why = line
    target, eats = "-", 0
    if site.kind == "s":
        target = why.split()[0]
    if how.startswith("eats "):
        how, eats = how[5:], 1
    name = f"{site.function}/{site.callee.removeprefix('__SCT__')}#{number}"
    spec = f"{site.function}:{site.offset:x}:{site.length}:{site.kind}:{target}"
    return "\t".join([name, spec, str(value_of(how)), str(eats)])


def main():
    """See above."""
    args = [arg for arg in sys.argv[1:] if arg != "--all"]
    callees = read_callees(args[1])
    seen, unknown = Counter(), Counter()
    for site in sites(args[0]):
        line = known(site.callee, callees)
        if "--all" in sys.argv:
            print(f"{site.function}+0x{site.offset:x}\t{site.kind}\t{site.callee}")
        elif not line:
            unknown[site.callee] += 1
        elif line[0] != "never":
            if site.kind == "?":
                sys.exit(f"{site.function}+0x{site.offset:x}: {site.callee}: "
                         "a kind of jump that nmtx_fault.ko does not know")
            seen[site.function, site.callee] += 1
            print(point(site, line, seen[site.function, site.callee]))
    for callee, count in unknown.items():
        print(f"not in {args[1]}: {callee}, {count} sites", file=sys.stderr)
    sys.exit(1 if unknown else 0)


main()
