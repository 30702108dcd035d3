#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Drive the module with YNL's Python client and docs/netmem-tx.yaml.

usage: guest.py SPEC YNL-DIR

In a guest that has the topology of tests/lab/guest/lib.sh, the module, and no
lease. Each operation of the specification is called, and each event must come.
Prints "ok - NAME" or "not ok - NAME" for each.
"""

import os
import subprocess
import sys

SPEC, YNL_DIR = sys.argv[1:3]
sys.path.insert(0, YNL_DIR)
# pylint: disable=wrong-import-position,import-error
from pyynl.lib import NlError, YnlFamily  # noqa: E402


def say(good, name, got=None):
    """Print one line of TAP, and what was found when it is bad."""
    print(f"{'ok' if good else 'not ok'} - ynl: {name}")
    if not good:
        print(f"# {got!r}")
    sys.stdout.flush()


def index_of(dev):
    """Return the number of a device in the caller's namespace."""
    with open(f"/sys/class/net/{dev}/ifindex", encoding="ascii") as stream:
        return int(stream.read())


def in_guest(*words):
    """Run a command in netns guest; return what it prints."""
    return subprocess.run(["ip", "netns", "exec", "guest", *words], check=True,
                          capture_output=True, text=True).stdout


def events_of(ynl, count):
    """Return the names of the next events, at most so many."""
    names = []
    for event in ynl.poll_ntf(duration=20):
        names.append(event["name"])
        if len(names) == count:
            break
    return names


def fails_with(code, call, *args):
    """Does the call fail with that errno?"""
    try:
        call(*args)
    except NlError as error:
        return abs(error.error) == code
    return False


def test_reads(ynl):
    """Look at all that needs no lease."""
    status = ynl.do("status-get", {})
    say(status["version"].count(".") == 2 and status["leases"] == 0
        and status["hook"] == "auto", "status-get", status)
    stats = ynl.do("stats-get", {})
    say(stats["bind"] == 0 and "drop-checksum" in stats, "stats-get", stats)
    devs = {dev["ifname"]: dev for dev in ynl.dump("dev-get", {})}
    say(devs["nicA"]["mode"] == "dma" and devs["nicA"]["source"] == "driver"
        and devs["nk_host"]["mode"] == "no-dma"
        and devs["lo"]["mode"] == "none", "dev-get, dump", devs)
    one = ynl.do("dev-get", {"ifindex": index_of("nicA")})
    say(one == devs["nicA"], "dev-get of one device", one)
    say(fails_with(22, ynl.do, "dev-get", {}),
        "dev-get without a number is EINVAL")
    say(fails_with(34, ynl.do, "dev-get", {"ifindex": 0}),
        "dev-get of a number below the specification's minimum is ERANGE")


def test_lease(ynl, events):
    """Make a lease; return what to call lease-del with."""
    netns = os.open("/run/netns/guest", os.O_RDONLY)
    words = {"vdev-ifindex": int(in_guest("cat", "/sys/class/net/nk_guest/ifindex")),
             "vdev-netns-fd": netns, "nic-ifindex": index_of("nicA")}
    ynl.do("lease-add", words)
    leases = ynl.dump("lease-get", {})
    say(len(leases) == 1 and leases[0]["vdev-ifname"] == "nk_guest"
        and leases[0]["nic-ifname"] == "nicA"
        and leases[0]["vdev-netns-inum"] == os.fstat(netns).st_ino,
        "lease-add and lease-get", leases)
    names = events_of(events, 1)
    say(names == ["lease-add-ntf"], "the event of a lease", names)
    return words


def test_binding(ynl, events):
    """Look at a binding, and at what drain does to it."""
    # Open until it ends, but nobody is asked for a connection.
    with subprocess.Popen(
            ["ip", "netns", "exec", "guest", "devmem_send", "--ifname", "nk_guest",
             "--size", "4096", "--bind-only", "--pause-bound"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sender:
        for line in sender.stdout:
            if line.startswith("paused"):
                break
        bindings = ynl.dump("binding-get", {})
        say(len(bindings) == 1 and bindings[0]["state"] == "live"
            and bindings[0]["size"] == 4096, "binding-get", bindings)
        drained = ynl.do("drain", {"on": 1})
        say(drained == {"revoked": 1}, "drain", drained)
        sender.stdin.close()
        sender.wait()
    ynl.do("drain", {"on": 0})
    names = events_of(events, 2)
    say(names == ["binding-add-ntf", "binding-del-ntf"],
        "the events of a binding", names)


def main():
    """Call all operations."""
    ynl = YnlFamily(SPEC, schema="")
    test_reads(ynl)
    native = ynl.do("status-get", {})["native-leases"]
    if native:
        say(fails_with(95, ynl.do, "lease-add",
                       {"vdev-ifindex": 1, "nic-ifindex": index_of("nicA")}),
            "lease-add: the kernel has its own")
        return
    # On a socket of its own: it has to be the first thing that one does.
    events = YnlFamily(SPEC, schema="")
    events.ntf_subscribe("events")
    lease = test_lease(ynl, events)
    test_binding(ynl, events)
    ynl.do("lease-del", {"vdev-ifindex": lease["vdev-ifindex"],
                         "vdev-netns-fd": lease["vdev-netns-fd"]})
    say(ynl.dump("lease-get", {}) == [], "lease-del")
    names = events_of(events, 1)
    say(names == ["lease-del-ntf"], "the event of its end", names)


main()
