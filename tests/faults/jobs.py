#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What to make fail, in which operation; and what came of it.

usage: jobs.py plan KERNEL POINTS HITS PATHS       the jobs of run.sh walk
       jobs.py judge KERNEL POINTS HITS PATHS JOBS WALKED

POINTS: lines of points.py. HITS: what run.sh cover said. WALKED: what run.sh
walk said, of all boots. PATHS: paths.tsv, where an error may be harmless.
KERNEL: which lines of that count.
"""
import fnmatch
import sys

SLOW_OPS = {"linger", "send", "send_direct", "send_gso", "send_vlan", "send_dropped",
            "send_rebuilt", "send_logged", "traced", "perf", "bind_taken", "bind_odd"}
ONCE_OPS = {"send", "send_direct", "send_gso", "send_rebuilt", "send_logged", "traced",
            "perf"}
FOR_EVER = 2 ** 62


def table(path):
    """The lines of a file, cut at tabs."""
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file
                if line.strip() and not line.startswith("#")]


def read_paths(path, kernel):
    """paths.tsv for one kernel: (point, operations, word, reason)."""
    paths = []
    for point, ops, word, why in table(path):
        pairs = [op.split("@") for op in ops.split()]
        here = [op for op, *only in pairs
                if not only or fnmatch.fnmatchcase(kernel, only[0])]
        paths.append((point, here, word, why))
    return paths


def read_hits(path, names):
    """{name: {op: hits}}, the operations in their order."""
    hits = {name: {} for name in names}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("hits "):
                _, op, counts, _ = line.split()
                for name, count in zip(names, counts.split(",")):
                    if int(count):
                        hits[name][op] = int(count)
    return hits


def verdict(name, op, paths):
    """What paths.tsv says of a point in an operation: (word, reason)."""
    for point, ops, word, why in paths:
        if fnmatch.fnmatchcase(name, point.replace("[", "[[]")) and \
                any(fnmatch.fnmatchcase(op, one) for one in ops):
            return word, why
    return "error", ""


def chosen_ops(name, hits, paths):
    """Of the operations that reach a point: the first load; of the others that
    are quick, the one that does least, and of those where it must fail; or
    else the first."""
    def least(ops):
        return sorted(ops, key=lambda op: sum(op in one for one in hits.values()))[:1]

    quick = [op for op in hits[name] if op not in SLOW_OPS]
    loads = [op for op in quick if op.startswith("load")][:1]
    others = [op for op in quick if not op.startswith("load")]
    strict = [op for op in others if verdict(name, op, paths)[0] == "error"]
    return list(dict.fromkeys(loads + least(others) + least(strict))) or list(hits[name])[:1]


def froms(count):
    """Which call is the first to fail: the first, and the last."""
    return sorted({1, count if count < 1000 else 1})


def plan(points, hits, paths):
    """The jobs, those that end a boot last."""
    jobs, last = [], []
    order = list(dict.fromkeys(op for ops in hits.values() for op in ops))
    for name, spec, value, eats in points:
        for op in chosen_ops(name, hits, paths):
            word = verdict(name, op, paths)[0]
            for first in froms(hits[name][op]):
                if word in ("stuck", "harmless") and first > 1:
                    continue
                times = 1 if op in ONCE_OPS else FOR_EVER
                job = [name, spec, value, eats, op, str(first), str(times), word]
                (last if word == "stuck" else jobs).append(job)
    return sorted(jobs, key=lambda job: order.index(job[4])) + last


def judge(points, hits, paths, walked):
    """Tell what is wrong; the summary."""
    names = [point[0] for point in points]
    done = [line for line in walked if line[0] == "point"]
    failed = [line for line in done if line[4] != "ok"]
    for line in failed:
        print("FAILED", " ".join(line[1:]))
    reached = {line[1] for line in done if line[4] == "ok"}
    excused = unknown = 0
    for name in names:
        if name in reached or any(line[1] == name for line in failed):
            continue
        word, why = verdict(name, "none", [line for line in paths if line[2] == "unreached"])
        if word == "unreached" and not hits[name]:
            excused += 1
            print(f"not injected: {name}: {why}")
        else:
            unknown += 1
            print(f"NOT REACHED: {name}")
    print(f"faults: {len(names)} points, {len(reached)} reached, {excused} not injected "
          f"for a reason, {len(done)} injections, {len(failed) + unknown} failed")
    return 1 if failed or unknown else 0


def main():
    """See above."""
    what, kernel, *files = sys.argv[1:]
    points, paths = table(files[0]), read_paths(files[2], kernel)
    hits = read_hits(files[1], [point[0] for point in points])
    if what == "plan":
        for job in plan(points, hits, paths):
            print("\t".join(job))
        return 0
    jobs, walked = table(files[3]), table(files[4])
    done = {tuple(line[1:4]) for line in walked if line[0] == "point"}
    if len(done) != len(jobs):
        print(f"faults: {len(done)} of {len(jobs)} jobs came to an end")
        return 1
    return judge(points, hits, paths, walked)


sys.exit(main())
