#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare docs/netmem-tx.yaml with include/uapi/linux/netmem_tx.h.

usage: check_spec.py SPEC HEADER

Every number that the spec implies must stand in the header under the name
that the kernel's own generator would give it, and the header must hold no
name that the spec does not know. Output is TAP.
"""

import re
import sys

import yaml


def c_name(text):
    """Return the C constant that the kernel's generator makes of a name."""
    return text.upper().replace("-", "_")


def header_numbers(path):
    """Return {name: number} of all enums, and {name: text} of all defines."""
    with open(path, encoding="utf-8") as stream:
        text = re.sub(r"/\*.*?\*/", "", stream.read(), flags=re.S)
    numbers = {}
    for body in re.findall(r"\benum\b[^{;]*\{(.*?)\}", text, re.S):
        value = -1
        for entry in filter(None, (part.strip() for part in body.split(","))):
            name, _, expr = (part.strip() for part in entry.partition("="))
            value = header_value(expr, numbers) if expr else value + 1
            if name in numbers:
                raise ValueError(f"{path}: {name} is defined twice")
            numbers[name] = value
    defines = dict(re.findall(r"^#define\s+(\w+)[ \t]+(\S+)", text, re.M))
    return numbers, defines


def header_value(expr, numbers):
    """Evaluate the few forms of initializer that the header uses."""
    match = re.fullmatch(r"\(?\s*(\w+)\s*(?:-\s*(\d+))?\s*\)?", expr)
    if not match:
        raise ValueError(f"initializer not understood: {expr}")
    base, minus = match.groups()
    value = int(base, 0) if base[0].isdigit() else numbers[base]
    return value - int(minus or 0)


def numbered(entries, start):
    """Yield (name, number) of a list of names or of dicts with a name."""
    value = start
    for entry in entries:
        if isinstance(entry, str):
            entry = {"name": entry}
        value = entry.get("value", value)
        yield entry["name"], value
        value += 1


def spec_numbers(spec):
    """Return {name: number} that the spec implies, each group by itself."""
    groups = {}
    for item in spec.get("definitions", []):
        prefix = f"{spec['name']}-{item['name']}-"
        groups[item["name"]] = {
            c_name(prefix + name): value
            for name, value in numbered(item["entries"], 0)
        }
    for item in spec["attribute-sets"]:
        groups[item["name"] + " attributes"] = {
            c_name(item["name-prefix"] + name): value
            for name, value in numbered(item["attributes"], 1)
        }
    operations = spec["operations"]
    groups["operations"] = {
        c_name(operations["name-prefix"] + name): value
        for name, value in numbered(operations["list"], 1)
    }
    return groups


def spec_defines(spec):
    """Return {name: text} of the defines that the spec implies."""
    defines = {
        c_name(spec["name"] + "-family-name"): f'"{spec["name"]}"',
        c_name(spec["name"] + "-family-version"): str(spec.get("version", 1)),
    }
    for group in spec["mcast-groups"]["list"]:
        name = c_name(f"{spec['name']}-mcgrp-{group['name']}")
        defines[name] = f'"{group["name"]}"'
    return defines


def wrong_entries(wanted, found):
    """Return one line for each entry of wanted that found lacks or differs."""
    return [
        f"{name}: the spec says {value}, the header says {found.get(name, 'nothing')}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]


def is_limit(name):
    """Tell whether a name only marks the end of an enum."""
    return name.startswith("__") or re.search(r"_MAX(_ATTR)?$", name)


def main(argv):
    """Print TAP; return the exit code."""
    if len(argv) != 3:
        print(__doc__.splitlines()[2], file=sys.stderr)
        return 2
    with open(argv[1], encoding="utf-8") as stream:
        spec = yaml.safe_load(stream)
    numbers, defines = header_numbers(argv[2])
    groups = spec_numbers(spec)
    known = {name for group in groups.values() for name in group}

    results = [(f"numbers of {title}", wrong_entries(group, numbers))
               for title, group in groups.items()]
    results.append(("defines", wrong_entries(spec_defines(spec), defines)))
    results.append(("no name in the header that the spec lacks",
                    [f"{name}: not in the spec" for name in numbers
                     if name not in known and not is_limit(name)]))

    for count, (title, wrong) in enumerate(results, 1):
        print(f"{'not ok' if wrong else 'ok'} {count} - spec: {title}")
        for line in wrong:
            print(f"# {line}")
    print(f"1..{len(results)}")
    return 1 if any(wrong for _, wrong in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
