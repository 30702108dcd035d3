# SPDX-License-Identifier: GPL-2.0
"""What the scenarios find: namespaces and devices, and how they are changed.

The topology is that of tests/lab/guest/lib.sh, with the redirect by BPF and a
lease of nicA for nk_guest. Whatever a scenario changes it takes back itself,
by World.undo(); the runner looks whether it did.
"""
import os
import signal
import struct
import subprocess
import time

import bpf
from buf import SLOW, wait_for
from nl import (IFLA_IFNAME, IFLA_LINKINFO, IFLA_NETKIT_PAIRING, IFLA_NUM_RX_QUEUES,
                RTM_NEWLINK, TX_DROPPED, Links, Netlink, Netns, attr, errname, nic_stats)

REMOTE, REMOTE6, OTHER = "10.2.0.2", "fd02::2", "10.3.0.2"


def run(*words, stdin=None, check=True):
    """A command; what it printed."""
    got = subprocess.run(words, input=stdin, text=True, capture_output=True,
                         timeout=60 * SLOW, check=False)
    if check and got.returncode:
        raise RuntimeError(f"{' '.join(words)}: {got.stderr.strip()} {got.stdout.strip()}")
    return got.stdout if check else (got.returncode, got.stdout + got.stderr)


def ip(*lines, netns=None):
    """ip -batch"""
    where = ("-n", netns) if netns else ()
    return run("ip", *where, "-batch", "-", stdin="\n".join(lines) + "\n")


def write(path, text):
    """Into a file of /proc or /sys."""
    with open(path, "w", encoding="ascii") as file:
        file.write(str(text))


def kernel():
    """(6, 18)"""
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int(minor)


def risen(before, after):
    """Names of the devices whose count rose."""
    return sorted({key.split("/")[1] for key, count in after.items()
                   if count > before.get(key, 0)})


class Container:
    """A netkit with its guest end in a namespace of its own."""

    def __init__(self, netns, dev, host, addr):
        self.netns, self.dev, self.host, self.addr = netns, dev, host, addr
        self.name = os.path.basename(netns.path)

    def lease(self, nic="nicA"):
        """Status and text of nmtx."""
        return run("nmtx", "lease", "add", "dev", self.dev, "netns", self.name,
                   "nic", nic, check=False)


class World:
    """One scenario's view; its changes end with undo()."""

    def __init__(self):
        self.init = Netns("/proc/1/ns/net")
        self.spaces = {name: Netns(f"/run/netns/{name}")
                       for name in ("guest", "remote", "other")}
        self.spaces["init"] = self.init
        self.guest, self.remote = self.spaces["guest"], self.spaces["remote"]
        self.other = self.spaces["other"]
        self.links = {}
        self.undos = []
        self.number = 1
        self.kernel = kernel()
        self.native = self.kernel >= (7, 2)
        self.kernel_leases = self.kernel >= (7, 1)

    # --- cleaning up ---------------------------------------------------

    def later(self, function, *args):
        """Call it in undo()."""
        self.undos.append((function, args))

    def undo(self):
        """Take all back, the newest first; texts of what failed."""
        failed = []
        while self.undos:
            function, args = self.undos.pop()
            try:
                function(*args)
            except Exception as err:  # pylint: disable=broad-except
                failed.append(f"{getattr(function, '__name__', function)}: {err}")
        return failed

    def ip(self, *lines, netns=None, undo=()):
        """ip -batch now, and its opposite later."""
        if undo:
            self.later(lambda: ip(*undo, netns=netns))
        return ip(*lines, netns=netns)

    # --- what was dropped ----------------------------------------------

    def counts(self, place):
        """{device: one of its counters} of all namespaces known by now."""
        found = {}
        for name, netns in self.spaces.items():
            if name not in self.links:
                self.links[name] = Links(netns)
            for dev, stats in self.links[name].stats().items():
                if dev != "lo":
                    found[f"{name}/{dev}"] = stats[place]
        return found

    def dropped(self):
        """{device: tx_dropped}"""
        return self.counts(TX_DROPPED)

    def rose(self, before):
        """Names of the devices that dropped since then."""
        return risen(before, self.dropped())

    def nic_bytes(self):
        """{NIC: bytes of device memory that its driver has sent}"""
        return {nic: nic_stats(nic)["netmem_bytes"] for nic in ("nicA", "nicC")
                if self.init.ifindex(nic)}

    # --- more of everything --------------------------------------------

    def space(self, name):
        """A new namespace, without IPv6."""
        run("ip", "netns", "add", name)
        netns = Netns(f"/run/netns/{name}")
        self.spaces[name] = netns
        self.later(self.space_gone, name)
        with netns:
            for what in ("all", "default"):
                write(f"/proc/sys/net/ipv6/conf/{what}/disable_ipv6", 1)
        return netns

    def space_gone(self, name):
        """Also when a scenario has deleted it."""
        links = self.links.pop(name, None)
        if links:
            links.nl.close()
        os.close(self.spaces.pop(name).fd)
        if os.path.exists(f"/run/netns/{name}"):
            run("ip", "netns", "del", name)

    def lease(self, dev, nic, netns=None):
        """For a device of this namespace; status and text of nmtx."""
        where = ("netns", netns) if netns else ()
        return run("nmtx", "lease", "add", "dev", dev, *where, "nic", nic,
                   check=False)

    def container(self, lease="nicA", mode="l2", via="nicA", queues=2, up=True):
        """A second container; packets leave by "via" if that is a device."""
        self.number += 1
        n = self.number
        host, dev, name = f"nk_host{n}", f"nk_guest{n}", f"guest{n}"
        netns = self.space(name)
        cont = Container(netns, dev, host, f"10.1{n}.0.2")
        self.later(lambda: run("ip", "link", "del", host, check=False))
        ip(f"link add {host} numrxqueues {queues} type netkit mode {mode} "
           f"peer name {dev} numrxqueues {queues}",
           f"link set {dev} netns {name}",
           f"link set {host} addrgenmode none",
           f"addr add 10.1{n}.0.1/24 dev {host}",
           *([f"link set {host} up"] if up else []))
        ip("link set lo up", f"addr add {cont.addr}/24 dev {dev}",
           *([f"link set {dev} up",
              f"route add default via 10.1{n}.0.1 dev {dev}"] if up else []),
           netns=name)
        if lease:
            code, text = cont.lease(lease)
            if code:
                raise RuntimeError(text)
        if via:
            self.program(host, bpf.NETKIT_PEER,
                         bpf.redirect(self.init.ifindex(via)))
        return cont

    def program(self, dev, kind, code, least=0, netns=None):
        """A BPF program, first on a device."""
        netns = netns or self.init
        with netns:
            prog = bpf.Program(netns.ifindex(dev), kind, code, least)
        self.later(prog.close)
        return prog

    def redirect(self, host, nic, call=bpf.CALL_NEIGH, least=0):
        """What a container sends goes out by a device."""
        return self.program(host, bpf.NETKIT_PEER,
                            bpf.redirect(self.init.ifindex(nic), call), least)

    def single_netkit(self, name, netns):
        """A netkit without a peer; an errno's name if that fails. Kernels
        that do not know the attribute make a pair, the other end is nk0."""
        data = attr(IFLA_NETKIT_PAIRING, 1)
        info = attr(1, b"netkit\0") + attr(2, data)
        body = struct.pack("=BxHiII", 0, 0, 0, 0, 0) + attr(
            IFLA_IFNAME, name.encode() + b"\0") + attr(IFLA_LINKINFO, info) + attr(
                IFLA_NUM_RX_QUEUES, 2)
        nl = Netlink(netns, 0)
        err, _, _ = nl.request(RTM_NEWLINK, 4 | 0x600, body)
        nl.close()
        return errname(err) if err else ""

    def route(self, version, line, netns="guest", check=True):
        """ip -4 or ip -6"""
        return run("ip", "-n", netns, f"-{version}", *line.split(), check=check)

    def sysctl(self, netns, name, value):
        """Set, and back later."""
        path = "/proc/sys/" + name.replace(".", "/")

        def put(what):
            with netns:
                write(path, what)
        with netns, open(path, encoding="ascii") as file:
            self.later(put, file.read().strip())
        put(value)

    def offload(self, netns, dev, word, *features):
        """ethtool -K, and back to on later."""
        def put(what):
            args = [arg for feature in features for arg in (feature, what)]
            with netns:
                run("ethtool", "-K", dev, *args)
        if word == "off":
            self.later(put, "on")
        put(word)

    def veth(self, addr="10.9.0"):
        """fx0 here, fx1 in netns remote, for devices on top of them."""
        ip("link add fx0 type veth peer name fx1 netns remote",
           "link set fx0 addrgenmode none", "link set fx0 up")
        self.later(lambda: run("ip", "link", "del", "fx0", check=False))
        ip("link set fx1 addrgenmode none",
           f"addr add {addr}.2/24 dev fx1", "link set fx1 up", netns="remote")
        return f"{addr}.2"

    def spawn(self, *words):
        """A command that runs until undo()."""
        # pylint: disable-next=consider-using-with
        proc = subprocess.Popen(words, stdout=subprocess.PIPE, text=True,
                                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

        def stop():
            proc.send_signal(signal.SIGINT)
            proc.wait(10 * SLOW)
        self.later(stop)
        return proc


def state():
    """What must be the same after a scenario."""
    found = []
    for name in ("", "guest", "remote", "other"):
        where = ("-n", name) if name else ()
        text = run("ip", *where, "-br", "link", "show", check=False)[1]
        found.append((name, sorted(
            (line.split()[0].split("@")[0], line.split()[1]) for line in
            text.splitlines() if line.strip())))
    found.append(sorted(os.listdir("/run/netns")))
    return found


def carrier(dev):
    """Has its link come up?"""
    with open(f"/sys/class/net/{dev}/carrier", encoding="ascii") as file:
        return file.read() == "1\n"


def settle(want, seconds=5):
    """Until the state is as it was; is it?"""
    return wait_for(seconds, lambda: state() == want, 0.2)


def now():
    """Seconds."""
    return time.monotonic()
