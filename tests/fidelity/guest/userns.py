# SPDX-License-Identifier: GPL-2.0
"""A container of an unprivileged user: its namespaces belong to nobody."""
import json
import os
import traceback

import bpf
from buf import Sink
from flow import Verdict
from nl import Here, Links
from world import REMOTE, ip, risen, run, write

NOBODY = 1000
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


class InnerWorld:
    """As much of World as a transfer needs."""

    guest = remote = None

    def __init__(self, world):
        self.world = world
        self.links = None

    def dropped(self):
        """Of all namespaces, this one too."""
        self.links = self.links or Links(Here())
        counts = self.world.dropped()
        counts.update({f"user/{dev}": count for dev, count in
                       self.links.tx_dropped().items() if dev != "lo"})
        return counts

    def rose(self, before):
        """Names of the devices that dropped since then."""
        return risen(before, self.dropped())

    def nic_bytes(self):
        """The NICs are out of sight."""
        return {}


class Inner:
    """What the container's program has."""

    def __init__(self, world, dev, sink):
        self.world, self.dev, self.sink = InnerWorld(world), dev, sink
        self.netns, self.uid = Here(), NOBODY


def program(inner, work, pipes):
    """In a new process: become nobody, make the namespaces, work."""
    ready, go, answer = pipes
    said, wrong = Verdict(), ""
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        os.unshare(CLONE_NEWUSER | CLONE_NEWNET)
        os.write(ready, b".")
        os.read(go, 1)
        work(inner, said)
    except BaseException:  # pylint: disable=broad-except
        wrong = traceback.format_exc(limit=5)
    os.write(answer, json.dumps({"columns": said.columns, "wrong": wrong}).encode())
    os._exit(0)


def set_up(world, pid, host, dev, lease):
    """The netkit, half of it in the namespaces of pid."""
    write(f"/proc/{pid}/uid_map", f"0 {NOBODY} 1\n")
    write(f"/proc/{pid}/setgroups", "deny")
    write(f"/proc/{pid}/gid_map", f"0 {NOBODY} 1\n")
    world.later(lambda: run("ip", "link", "del", host, check=False))
    ip(f"link add {host} numrxqueues 2 type netkit mode l2 peer name {dev} numrxqueues 2",
       f"link set {host} addrgenmode none", f"link set {dev} addrgenmode none",
       f"addr add 10.19.0.1/24 dev {host}", f"link set {host} up")
    if lease:
        world.lease(dev, lease)
    world.program(host, bpf.NETKIT_PEER, bpf.redirect(world.init.ifindex("nicA")))
    run("ip", "link", "set", dev, "netns", str(pid))
    run("nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-batch", "-", stdin="\n".join((
        "link set lo up", f"addr add 10.19.0.2/24 dev {dev}",
        f"link set {dev} up", f"route add default via 10.19.0.1 dev {dev}\n")))


def in_userns(world, verdict, work, lease):
    """Call work(inner, verdict) in such a container."""
    host, dev = "nk_hostu", "nk_guestu"
    world.nic_number = world.init.ifindex("nicA")
    world.dropped()         # opens its sockets
    inner = Inner(world, dev, Sink(world.remote, REMOTE))
    ready, go, answer = os.pipe(), os.pipe(), os.pipe()
    pid = os.fork()
    if not pid:
        program(inner, work, (ready[1], go[0], answer[1]))
    try:
        os.read(ready[0], 1)
        set_up(world, pid, host, dev, lease)
        os.write(go[1], b".")
        got = json.loads(os.read(answer[0], 1 << 16))
    finally:
        os.waitpid(pid, 0)
    if got["wrong"]:
        raise RuntimeError(got["wrong"])
    for name, words in got["columns"].items():
        verdict.add(name, *words)
