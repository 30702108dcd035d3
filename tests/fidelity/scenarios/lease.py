# SPDX-License-Identifier: GPL-2.0
"""Leases: who may have one, and what bind-tx makes of it."""
import os
import re

from buf import Binding, DmaBuf, wait_for
from craft import ABSENT, ABSENT_BEHIND_LOCK, MODE_DMA, MODE_NONE, PRESENT, act
from crafted import crafted
from flow import transfer
from suite import scenario
from userns import in_userns
from world import OTHER, carrier, ip, run


def said(verdict, got):
    """What nmtx said of a lease: ok, or its text."""
    code, text = got
    text = re.sub(r"^nmtx: .*?: ", "", text.strip().splitlines()[-1] if text.strip() else "")
    verdict.add("bind", "lease:" + (f'"{text}"' if code else "ok"))


def bind(verdict, netns, dev):
    """One bind-tx and its end."""
    binding = Binding(netns, dev, DmaBuf(4096))
    if verdict.bound(binding):
        verdict.add("binding", binding.end())


@scenario()
def lease_second_nic(world, verdict):
    """A second NIC is refused; the first one stays."""
    cont = world.container(lease=None, via=None)
    said(verdict, cont.lease("nicC"))
    said(verdict, cont.lease("nicA"))
    bind(verdict, cont.netns, cont.dev)


@scenario()
def lease_two_queues(world, verdict):
    """Both queues of one NIC; or the module's lease twice."""
    cont = world.container(lease=None, via=None, queues=3)
    said(verdict, cont.lease("nicC"))
    said(verdict, cont.lease("nicC"))
    bind(verdict, cont.netns, cont.dev)


@scenario()
def lease_primary_end(world, verdict):
    """Only the peer end may have one."""
    cont = world.container(lease=None, via=None)
    said(verdict, world.lease(cont.host, "nicA"))
    bind(verdict, world.init, cont.host)
    bind(verdict, cont.netns, cont.dev)


@scenario()
def lease_of_itself(world, verdict):
    """Of the netkit's other end."""
    cont = world.container(lease=None, via=None)
    said(verdict, cont.lease(cont.host))
    bind(verdict, cont.netns, cont.dev)


@scenario()
def lease_of_stock_nic(world, verdict):
    """Of a NIC in mode NONE: bind-tx finds no NIC that can."""
    act("nicC", MODE_NONE)
    world.later(act, "nicC", MODE_DMA)
    cont = world.container(lease=None, via=None)
    said(verdict, cont.lease("nicC"))
    bind(verdict, cont.netns, cont.dev)
    act("nicC", MODE_DMA)
    bind(verdict, cont.netns, cont.dev)


@scenario()
def lease_for_no_netkit(world, verdict):
    """For a virtual device of mode NONE."""
    world.ip("link add fx type dummy", undo=("link del fx",))
    said(verdict, world.lease("fx", "nicA"))
    bind(verdict, world.init, "fx")
    verdict.add("seen", "dummy")


@scenario()
def lease_for_nic(world, verdict):
    """For a NIC: it needs none."""
    said(verdict, world.lease("nicC", "nicA"))
    bind(verdict, world.init, "nicC")
    verdict.add("seen", "nic")


@scenario()
def lease_by_nobody(world, verdict):
    """A container may not lease by itself."""
    def work(inner, what):
        got = run("nmtx", "lease", "add", "dev", inner.dev, "nic", inner.dev,
                  check=False)
        what.add("bind", "lease:" + ("ok" if not got[0] else "refused"))
        binding = Binding(inner.netns, inner.dev, DmaBuf(4096))
        what.bound(binding)
        binding.nl.close()
    in_userns(world, verdict, work, lease=None)


@scenario()
def lease_nic_down(world, verdict):
    """A NIC that is down can be bound to."""
    cont = world.container(lease="nicC", via=None)
    world.later(ip, "link set nicC up")
    ip("link set nicC down")
    bind(verdict, cont.netns, cont.dev)
    verdict.add("seen", "down")


@scenario()
def lease_nic_absent(world, verdict):
    """A NIC that is not present cannot; then it is there again."""
    cont = world.container(lease="nicC", via=None)
    act("nicC", ABSENT)
    world.later(act, "nicC", PRESENT)
    bind(verdict, cont.netns, cont.dev)
    act("nicC", PRESENT)
    bind(verdict, cont.netns, cont.dev)


@scenario()
def lease_nic_absent_meanwhile(world, verdict):
    """It goes while bind-tx, which found it present, waits for its lock."""
    cont = world.container(lease="nicC", via=None)
    world.later(act, "nicC", PRESENT)
    pid = os.fork()
    if not pid:
        act("nicC", ABSENT_BEHIND_LOCK)
        os._exit(0)
    wait_for(5, lambda: sleeping(pid))
    bind(verdict, cont.netns, cont.dev)
    verdict.add("seen", "in-time" if os.waitpid(pid, 0)[1] == 0 else "too-late")


def sleeping(pid):
    """In the kernel already?"""
    with open(f"/proc/{pid}/stack", encoding="ascii") as file:
        return "msleep" in file.read()


@scenario()
def lease_nic_moved(world, verdict):
    """The NIC moves to another namespace, and back."""
    cont = world.container(lease="nicC", via=None)
    netns = world.space("fxns")
    ip("link set nicC netns fxns")
    world.later(back_home, world)
    bind(verdict, cont.netns, cont.dev)
    bind(verdict, netns, "nicC")
    verdict.add("seen", "moved")


def back_home(world):
    """nicC as it was."""
    if not world.init.ifindex("nicC"):
        ip("link set nicC netns 1", netns="fxns")
    ip("addr replace 10.3.0.1/24 dev nicC", "addr replace fd03::1/64 dev nicC nodad",
       "link set nicC up")


@scenario()
def lease_before_move(world, verdict):
    """As an engine does: lease first, then into the container."""
    netns = world.space("fxns")
    world.ip("link add fxh numrxqueues 2 type netkit mode l2 peer name fxg numrxqueues 2",
             "addr add 10.18.0.1/24 dev fxh", "link set fxh up", undo=("link del fxh",))
    said(verdict, world.lease("fxg", "nicA"))
    ip("link set fxg netns fxns")
    ip("addr add 10.18.0.2/24 dev fxg", "link set fxg up",
       "route add default via 10.18.0.1", netns="fxns")
    world.redirect("fxh", "nicA")
    transfer(world, verdict, netns, "fxg")


@scenario()
def lease_ends_with_netkit(world, verdict):
    """A new netkit of the same name has no lease."""
    cont = world.container(via=None)
    bind(verdict, cont.netns, cont.dev)
    ip(f"link del {cont.host}")
    ip(f"link add {cont.host} type netkit peer name {cont.dev}",
       f"link set {cont.dev} netns {cont.name}")
    bind(verdict, cont.netns, cont.dev)
    verdict.add("seen", "replaced")


@scenario(native="the NIC's going leaves a dangling pointer in the binding")
def lease_ends_with_nic(world, verdict):
    """The NIC is taken from its driver while a binding is there."""
    cont = world.container(lease="nicC", via=None)
    buf = DmaBuf(8192)
    binding = Binding(cont.netns, cont.dev, buf)
    verdict.bound(binding)
    world.later(rebind, world)
    with open("/sys/bus/pci/drivers/nmtx_lab/unbind", "w", encoding="ascii") as file:
        file.write("0000:00:06.0")
    verdict.add("seen", "netkit", "stays" if cont.netns.ifindex(cont.dev) else "goes")
    if cont.netns.ifindex(cont.dev):
        bind(verdict, cont.netns, cont.dev)
    verdict.add("binding", binding.end())


def rebind(world):
    """nicC again."""
    with open("/sys/bus/pci/drivers/nmtx_lab/bind", "w", encoding="ascii") as file:
        file.write("0000:00:06.0")
    run("bash", "-c", ". /lab/guest/lib.sh; nic_named nicC; far_end_up nicC nicS other 3")
    wait_for(10, lambda: carrier("nicC"))
    return world


@scenario()
def lease_to_second_nic_sends(world, verdict):
    """A lease of nicC: packets leave there."""
    cont = world.container(lease="nicC", via="nicC")
    transfer(world, verdict, cont.netns, cont.dev, to=OTHER, dst=world.other)


@scenario()
def lease_single_netkit(world, verdict):
    """A netkit without a peer: it binds, and drops what is sent."""
    netns = world.space("fxns")
    err = world.single_netkit("fxs", netns)
    if err or netns.ifindex("nk0"):
        verdict.add("bind", f"netkit:{err or 'is-a-pair'}")
        return
    ip("addr add 10.17.0.2/24 dev fxs", "link set fxs up", netns="fxns")
    said(verdict, world.lease("fxs", "nicA", "fxns"))
    bind(verdict, netns, "fxs")
    crafted(world, verdict, netns, "fxs", "n")
    verdict.add("seen", "single")
