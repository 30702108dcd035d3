#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check what nmtx -json prints against nmtx.schema.json.

usage: check_schema.py [--live] SCHEMA SAMPLES...

A file of samples has pairs of lines: the words of a command, and what it
printed. Each sample must fit its definition, and must not fit any more when
it is damaged; each definition of a command must have a sample. Some need a
kernel: with --live the samples are of one, and all have to be there; without,
those are left out. Output is TAP.
"""

import copy
import json
import sys

import jsonschema

# These load BPF programs, which no test without a kernel can.
LIVE = {"redirect", "redirect_del", "top"}


def definition_of(words):
    """Return the name of the definition for the words of a command."""
    first, second = (words.split() + ["", ""])[:2]
    if first == "lease" and second in ("add", "del"):
        return "lease_change"
    if (first, second) == ("redirect", "del"):
        return "redirect_del"
    return first


def read_samples(paths):
    """Yield (words, parsed JSON) of all files."""
    for path in paths:
        with open(path, encoding="utf-8") as stream:
            lines = stream.read().splitlines()
        for words, text in zip(lines[::2], lines[1::2], strict=True):
            yield words, json.loads(text)


def damaged(value):
    """Yield copies of a sample, each with one thing wrong."""
    records = value if isinstance(value, list) else [value]
    for index, record in enumerate(records):
        for key in [*record, None]:
            bad = copy.deepcopy(records)
            if key is None:
                bad[index]["not_known"] = 1
            else:
                bad[index][key] = {"of": "another type"}
            yield bad if isinstance(value, list) else bad[0]
    yield 17


def errors_of(validator, words, value):
    """Return what is wrong with a sample, or with the schema for it."""
    errors = [error.message for error in validator.iter_errors(value)]
    errors += [f"{words}: taken, but damaged: {json.dumps(bad)[:200]}"
               for bad in damaged(value) if validator.is_valid(bad)]
    return errors


def main(argv):
    """Print TAP; return the exit code."""
    live = argv[1:2] == ["--live"]
    if live:
        del argv[1]
    if len(argv) < 3:
        print(__doc__.splitlines()[2], file=sys.stderr)
        return 2
    with open(argv[1], encoding="utf-8") as stream:
        schema = json.load(stream)
    jsonschema.Draft202012Validator.check_schema(schema)
    commands = {name for name, body in schema["$defs"].items()
                if body.get("type") in ("array", "object")}
    wanted = commands if live else commands - LIVE
    found = {}
    for words, value in read_samples(argv[2:]):
        name = definition_of(words)
        if name not in commands:
            found[name] = [f"{words}: no definition"]
            continue
        validator = jsonschema.Draft202012Validator(
            {"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})
        found.setdefault(name, []).extend(errors_of(validator, words, value))
    for name in wanted - set(found):
        found[name] = ["no sample"]

    for count, (name, errors) in enumerate(sorted(found.items()), 1):
        print(f"{'not ok' if errors else 'ok'} {count} - schema: {name}")
        for error in errors:
            print(f"# {error}")
    print(f"1..{len(found)}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
