#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Run scenarios in a guest; each in a process of its own, with a time limit.

usage: main.py PASS [PATTERN...]
Prints "FID<TAB>pass<TAB>scenario<TAB>columns" for each, and what went wrong
to stderr. Exit 1 when one could not be run.
"""
import fnmatch
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "scenarios")]

# pylint: disable=wrong-import-position
from buf import SLOW, wait_for
from flow import Verdict
from suite import NOT_NATIVE, SCENARIOS
from world import World, kernel, settle, state


def load():
    """All files of scenarios, in the order of their names."""
    folder = os.path.join(HERE, "..", "scenarios")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py"):
            importlib.import_module(name[:-3])


def references():
    """Who holds the module: its bindings do."""
    try:
        with open("/sys/module/netmem_tx/refcnt", encoding="ascii") as file:
            return int(file.read())
    except FileNotFoundError:
        return 0


def child(one, pipe):
    """Run it; a JSON object goes to the pipe."""
    os.setsid()
    before = references()
    world, verdict, wrong = World(), Verdict(), ""
    try:
        one.function(world, verdict, *one.args)
    except BaseException:  # pylint: disable=broad-except
        wrong = traceback.format_exc(limit=6)
    failed = world.undo()
    if not wait_for(5, lambda: references() <= before):
        verdict.add("binding", "module-held")
    if failed:
        wrong += "undo: " + "; ".join(failed)
    os.write(pipe, json.dumps({"columns": verdict.line(), "wrong": wrong}).encode())
    os._exit(0)


def run_one(one):
    """Columns, and what went wrong."""
    if one.native and kernel() >= (7, 2):
        return [NOT_NATIVE + one.native] + ["-"] * (len(Verdict.NAMES) - 1), ""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        child(one, writer)
    os.close(writer)
    ready, _, _ = select.select([reader], [], [], one.limit * SLOW)
    raw = os.read(reader, 1 << 16) if ready else b""
    os.close(reader)
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if not raw:
        return None, "time limit" if not ready else "died"
    got = json.loads(raw)
    return got["columns"], got["wrong"]


def rebuild():
    """All anew, after a scenario that left something behind."""
    subprocess.run(["/lab/fidelity/guest/world", "up"], check=True,
                   stdout=subprocess.DEVNULL)


def chosen(patterns):
    """The scenarios whose names match one of the patterns; all if none."""
    return [one for name, one in SCENARIOS.items() if not patterns or
            any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def main():
    """See above."""
    attach, patterns = sys.argv[1], sys.argv[2:]
    load()
    want, bad = state(), 0
    for one in chosen(patterns):
        with open("/dev/kmsg", "w", encoding="ascii") as log:
            log.write(f"NMTX-SCENARIO {attach} {one.name}\n")
        start = time.monotonic()
        columns, wrong = run_one(one)
        took = time.monotonic() - start
        if wrong or columns is None:
            bad += 1
            print(f"== {one.name}: {wrong}", file=sys.stderr, flush=True)
            columns = ["failed"] + ["-"] * (len(Verdict.NAMES) - 1)
        print("FID", attach, one.name, *columns, sep="\t")
        print(f"# {one.name} took {took:.1f} s", flush=True)
        if not settle(want):
            print(f"== {one.name}: left something: {state()} not {want}",
                  file=sys.stderr, flush=True)
            rebuild()
            want = state()
    sys.exit(bad > 0)


main()
