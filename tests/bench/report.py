#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compare what was counted with what is promised.

usage: report.py --native V --out FILE [--docs DIR] RESULTS KERNEL...

RESULTS has KERNEL-BOOT.txt with lines "bench NAME VALUE UNIT". Prints all of
them, then one line for each promise; exit status 1 when one is not kept.
A row that is not there is a promise not kept.
"""
import argparse
import json
import pathlib
import sys

import tables

# How far two boots may differ.
REPEAT = 0.005


class Results:
    """All rows by "KERNEL.BOOT.NAME"; asking for one that is missing fails."""

    def __init__(self, directory, native, kernels):
        self.native = native
        self.kernels = kernels
        self.rows = {}
        self.units = {}
        self.machine = {}
        for path in sorted(pathlib.Path(directory).glob("*.txt")):
            self.read(path)

    def read(self, path):
        kernel, boot = path.stem.rsplit("-", 1)
        key = f"{kernel}.{boot}"
        for line in path.read_text(errors="replace").splitlines():
            words = line.split()
            if line.startswith("bench-info ") and len(words) > 2:
                self.machine.setdefault(key, {})[words[1]] = " ".join(words[2:])
            elif line.startswith("bench ") and len(words) == 4:
                self.rows[f"{key}.{words[1]}"] = float(words[2])
                self.units[f"{key}.{words[1]}"] = words[3]

    def get(self, kernel, boot, name):
        return self.rows[f"{kernel}.{boot}.{name}"]


class Checks:
    """Promises, with what was found."""

    def __init__(self):
        self.all = []

    def at_most(self, name, limit, find, unit=""):
        """find() counts; a KeyError says which row is missing."""
        try:
            value = round(find(), 4)
        except (KeyError, ZeroDivisionError) as missing:
            self.all.append({"name": name, "limit": limit, "value": None,
                             "unit": unit, "kept": False,
                             "why": f"no row {missing}"})
            return
        self.all.append({"name": name, "limit": limit, "value": value,
                         "unit": unit, "kept": value <= limit})


def readable(res, checks, kernel, boot):
    """What a packet pays that is none of ours."""
    for measure in ("validate", "xmit"):
        for variant, limit in (("idle", 0), ("direct", 5), ("ipmodify", 45)):
            checks.at_most(
                f"{kernel}.{boot}.readable.{measure}.{variant}", limit,
                lambda v=variant, m=measure: res.get(kernel, boot, f"{v}.{m}") -
                res.get(kernel, boot, f"stock.{m}"), "instructions")


def corrected(res, kernel, path, measure):
    """Ours to native, less what the stock kernels differ by on a direct send."""
    differ = res.get(kernel, "default", f"stock.direct.{measure}") - \
        res.get(res.native, "native", f"stock.direct.{measure}")
    ours = res.get(kernel, "default", f"direct.{path}.{measure}")
    return (ours - differ) / res.get(res.native, "native",
                                     f"native.{path}.{measure}")


def sends(res, checks, kernel):
    """What a packet of device memory pays."""
    limit = 1.02 if kernel.startswith("7.1.") else 1.05
    for path in ("redirect", "forward"):
        for measure in ("packet", "send"):
            checks.at_most(f"{kernel}.{measure}.{path}", limit,
                           lambda p=path, m=measure:
                           corrected(res, kernel, p, m), "of native")
    checks.at_most(f"{kernel}.bind-close", 1.10, lambda:
                   res.get(kernel, "default", "direct.netkit.bind-close") /
                   res.get(res.native, "native", "native.netkit.bind-close"),
                   "of native")


def scale(res, checks, kernel):
    """What many others cost one sender."""
    kinds = ["bindings"] + ([] if kernel.startswith("7.1.") else ["leases"])
    for kind in kinds:
        most = 10000 if kind == "bindings" else 1000
        for measure, limit in (("send", 1.03), ("packet", 1.03), ("bind", 1.10)):
            for n in (10, 100, 1000, 10000):
                if n > most:
                    continue
                # More bindings make the kernel fill its per-CPU pools in
                # the background, which no bind-tx waits for: the smallest.
                row = "bind.min" if measure == "bind" else measure
                checks.at_most(
                    f"{kernel}.{kind}-{n}.{measure}", limit,
                    lambda k=kind, m=row, c=n:
                    res.get(kernel, "default", f"{k}-{c}.{m}") /
                    res.get(kernel, "default", f"{k}-1.{m}"), "of one")
    checks.at_most(f"{kernel}.binding.memory", 256, lambda: res.get(
        kernel, "default", "binding.memory"), "bytes")
    if "leases" in kinds:
        checks.at_most(f"{kernel}.lease.memory", 256, lambda: res.get(
            kernel, "default", "lease.memory-1000"), "bytes")


def life(res, checks, kernel):
    """Load and attach."""
    checks.at_most(f"{kernel}.load", 150,
                   lambda: res.get(kernel, "default", "idle.load"), "ms")
    checks.at_most(f"{kernel}.attach", 1.2, lambda:
                   res.get(kernel, "default", "direct.attach") /
                   res.get(kernel, "default", "idle.empty.attach"),
                   "of an empty attach")


def repeat(res, checks, kernel):
    """The same counts in another boot."""
    prefix = f"{kernel}.again."
    names = sorted(k[len(prefix):] for k in res.rows if k.startswith(prefix)
                   and not k.endswith(".min"))
    for name in names or ["(none)"]:
        checks.at_most(f"{kernel}.repeat.{name}", REPEAT, lambda n=name: abs(
            res.get(kernel, "again", n) / res.get(kernel, "default", n) - 1),
            "apart")


def show(res, checks):
    for key in sorted(res.rows):
        print(f"bench {key} {res.rows[key]:.10g} {res.units[key]}")
    for check in checks.all:
        word = "kept" if check["kept"] else "MISSED"
        value = check.get("why") or f"{check['value']:.10g}"
        print(f"bench-check {word} {check['name']}: {value}, "
              f"at most {check['limit']} {check['unit']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--native", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--docs")
    parser.add_argument("results")
    parser.add_argument("kernels", nargs="+")
    args = parser.parse_args()

    res = Results(args.results, args.native, args.kernels)
    checks = Checks()
    for kernel in args.kernels:
        readable(res, checks, kernel, "default")
        readable(res, checks, kernel, "rethunk")
        sends(res, checks, kernel)
        life(res, checks, kernel)
        scale(res, checks, kernel)
        repeat(res, checks, kernel)
    show(res, checks)
    pathlib.Path(args.out).write_text(json.dumps(
        {"machine": res.machine, "rows": res.rows, "units": res.units,
         "checks": checks.all}, indent=1, sort_keys=True) + "\n")
    if args.docs:
        tables.write(pathlib.Path(args.docs), res, checks, corrected)
    missed = sum(not check["kept"] for check in checks.all)
    print(f"{len(checks.all) - missed} kept, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
