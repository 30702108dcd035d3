# SPDX-License-Identifier: GPL-2.0
"""bind-tx: what it refuses, in which order, and what a good one gives.

Each refusal is also tried with what would be refused next, so that the order
shows.
"""
import os

from buf import Binding, DmaBuf
from craft import (ABSENT, DMA_MASK, MODE_DMA, MODE_NONE, NO_DMA_MASK, PRESENT,
                   act, bad_dmabuf)
from flow import transfer
from nl import A_FD, A_IFINDEX, BIND_TX, NLM_F_ACK, NLM_F_DUMP, Netdev, attr
from suite import add, scenario
from userns import in_userns


class Fd:
    """Any file in the place of a dma-buf."""

    def __init__(self, fd):
        self.fd = fd

    def attached(self):
        """To nothing."""
        return []


def one_bind(world, verdict, netns, dev, fd):
    """A bind-tx that is refused."""
    binding = Binding(netns, dev, Fd(fd))
    verdict.bound(binding)
    binding.nl.close()
    return world


def raw(world, verdict, payload, flags=NLM_F_ACK):
    """A request as it stands, in the guest; attributes by their numbers."""
    nl = Netdev(world.guest)
    err, text, got = nl.call(BIND_TX, payload(world), flags)
    verdict.add("bind", err, f'"{text}"')
    verdict.add("seen", "id" if got else "no-id", *nl.hint.split())
    nl.close()


def nk(world):
    """The netkit's number."""
    return attr(A_IFINDEX, world.guest.ifindex("nk_guest"))


def good(_):
    """A dma-buf that stays open until the scenario ends."""
    return attr(A_FD, os.dup(DmaBuf(4096).fd))


RAW = {
    "no-ifindex": good,
    "no-fd": nk,
    "ifindex-zero": lambda w: attr(A_IFINDEX, 0) + good(w),
    "ifindex-short": lambda w: attr(A_IFINDEX, b"\1\0") + good(w),
    "fd-short": lambda w: nk(w) + attr(A_FD, b"\1"),
    "unknown-attribute": lambda w: nk(w) + good(w) + attr(99, 1),
    "ifindex-twice": lambda w: nk(w) + attr(A_IFINDEX, 1) + good(w),
    "fd-twice": lambda w: nk(w) + attr(A_FD, 4711) + good(w),
}
for _name, _payload in RAW.items():
    add(f"bind-raw-{_name}", raw, _payload)


@scenario()
def bind_raw_dump(world, verdict):
    """bind-tx is no dump."""
    raw(world, verdict, lambda w: nk(w) + good(w), NLM_F_ACK | NLM_F_DUMP)


@scenario()
def bind_no_such_device(world, verdict):
    """A number that no device has, with a bad fd."""
    one_bind(world, verdict, world.guest, 4711, 4711)


@scenario()
def bind_number_of_other_netns(world, verdict):
    """nicA's number, in the guest; and the netkit's, here."""
    buf = DmaBuf(4096)
    one_bind(world, verdict, world.guest, world.init.ifindex("nicA"), buf.fd)
    one_bind(world, verdict, world.init, world.guest.ifindex("nk_guest"), buf.fd)


@scenario()
def bind_none_lo(world, verdict):
    """Mode NONE, with a good fd and with a bad one."""
    one_bind(world, verdict, world.guest, "lo", DmaBuf(4096).fd)
    one_bind(world, verdict, world.guest, "lo", 4711)


@scenario()
def bind_none_on_nic(world, verdict):
    """Devices on top of a NIC that could: they cannot themselves."""
    world.ip("link add link nicA name fxv type vlan id 9",
             "link add link nicA name fxm type macvlan",
             undo=("link del fxv", "link del fxm"))
    for dev in ("fxv", "fxm"):
        one_bind(world, verdict, world.init, dev, DmaBuf(4096).fd)
    verdict.add("seen", "vlan macvlan")


@scenario()
def bind_none_virtual(world, verdict):
    """Virtual devices that are no netkit."""
    kinds = ("dummy", "veth", "bridge", "bond")
    for kind in kinds:
        world.ip(f"link add fx type {kind}", undo=("link del fx",))
        one_bind(world, verdict, world.init, "fx", DmaBuf(4096).fd)
        world.undo()
    verdict.add("seen", *kinds)


@scenario()
def bind_none_stock_nic(world, verdict):
    """A NIC whose driver does not know of device memory."""
    one_bind(world, verdict, world.other, "nicS", DmaBuf(4096).fd)
    verdict.add("seen", "e1000")


@scenario()
def bind_no_lease(world, verdict):
    """A netkit without a lease."""
    cont = world.container(lease=None, via=None)
    one_bind(world, verdict, cont.netns, cont.dev, DmaBuf(4096).fd)
    verdict.add("seen", "good-fd")


@scenario()
def bind_no_lease_bad_fd(world, verdict):
    """The lease is looked at before the fd."""
    cont = world.container(lease=None, via=None)
    one_bind(world, verdict, cont.netns, cont.dev, 4711)
    verdict.add("seen", "bad-fd")


@scenario()
def bind_host_end(world, verdict):
    """The other end of a netkit with a lease has none."""
    one_bind(world, verdict, world.init, "nk_host", DmaBuf(4096).fd)
    one_bind(world, verdict, world.init, "nk_host", 4711)
    verdict.add("seen", "primary")


@scenario()
def bind_bad_fds(world, verdict):
    """What is no dma-buf."""
    with open("/dev/null", "rb") as null:
        for fd in (4711, 0xffffffff, null.fileno()):
            one_bind(world, verdict, world.guest, "nk_guest", fd)


@scenario()
def bind_bad_fds_nic(world, verdict):
    """The same on the NIC itself."""
    with open("/dev/null", "rb") as null:
        for fd in (4711, null.fileno()):
            one_bind(world, verdict, world.init, "nicA", fd)


ODD = {
    "attach-fails": {"size": 4096, "attach_err": 5},
    "map-fails": {"size": 4096, "map_err": 12},
    "size-odd": {"size": 4097},
    "size-small": {"size": 100},
    "pieces-odd": {"size": 8192, "first": 6144},
    "pieces-tiny": {"size": 4096, "first": 1},
    "size-odd-attach-fails": {"size": 4097, "attach_err": 13},
    "size-odd-map-fails": {"size": 4097, "map_err": 14},
    "size-odd-pieces-odd": {"size": 8000, "first": 3000},
}


def odd_dmabuf(world, verdict, what):
    """A dma-buf that is not good enough, through the netkit."""
    fd = bad_dmabuf(**what)
    one_bind(world, verdict, world.guest, "nk_guest", fd)
    verdict.add("seen", f"size:{what['size']}")


for _name, _what in ODD.items():
    add(f"bind-dmabuf-{_name}", odd_dmabuf, _what)


@scenario()
def bind_dmabuf_pieces_good(world, verdict):
    """Two pieces of whole pages."""
    fd = bad_dmabuf(12288, first=8192)
    one_bind(world, verdict, world.guest, "nk_guest", fd)


def absent(world, verdict, bad_fd):
    """A device that is not present, with a good fd and a bad one."""
    act("nicA", ABSENT)
    world.later(act, "nicA", PRESENT)
    fd = 4711 if bad_fd else DmaBuf(4096).fd
    one_bind(world, verdict, world.init, "nicA", fd)
    one_bind(world, verdict, world.guest, "nk_guest", fd)
    verdict.add("seen", "bad-fd" if bad_fd else "good-fd")


add("bind-nic-absent", absent, False)
add("bind-nic-absent-bad-fd", absent, True)


@scenario()
def bind_nic_in_mode_none(world, verdict):
    """A NIC that is in mode NONE, itself and through the lease."""
    act("nicA", MODE_NONE)
    world.later(act, "nicA", MODE_DMA)
    one_bind(world, verdict, world.init, "nicA", DmaBuf(4096).fd)
    one_bind(world, verdict, world.guest, "nk_guest", DmaBuf(4096).fd)


@scenario()
def bind_nic_without_dma(world, verdict):
    """No device that does DMA; through the netkit, with a good and a bad fd."""
    cont = world.container(lease="nicC", via=None)
    act("nicC", NO_DMA_MASK)
    world.later(act, "nicC", DMA_MASK)
    one_bind(world, verdict, cont.netns, cont.dev, DmaBuf(4096).fd)
    one_bind(world, verdict, cont.netns, cont.dev, 4711)


def good_bind(world, verdict, netns, dev):
    """A bind that succeeds, to its end."""
    buf = DmaBuf(8192)
    binding = Binding(netns, dev, buf)
    verdict.bound(binding)
    verdict.add("seen", dev.rstrip("0123456789"), "id" if binding.id else "no-id")
    verdict.add("binding", binding.end())
    return world


@scenario()
def bind_nic(world, verdict):
    """On the NIC itself."""
    good_bind(world, verdict, world.init, "nicA")


@scenario()
def bind_netkit(world, verdict):
    """Through the netkit."""
    good_bind(world, verdict, world.guest, "nk_guest")


@scenario()
def bind_netkit_here(world, verdict):
    """A netkit whose leased end is in the initial namespace."""
    world.ip("link add fxh numrxqueues 2 type netkit peer name fxg numrxqueues 2",
             undo=("link del fxh",))
    world.lease("fxg", "nicA")
    good_bind(world, verdict, world.init, "fxg")


@scenario()
def bind_netkit_to_second_nic(world, verdict):
    """The lease says which NIC."""
    cont = world.container(lease="nicC", via=None)
    good_bind(world, verdict, cont.netns, cont.dev)


@scenario()
def bind_netkit_down(world, verdict):
    """A netkit that is down can bind."""
    cont = world.container(via=None, up=False)
    good_bind(world, verdict, cont.netns, cont.dev)
    verdict.add("seen", "down")


@scenario()
def bind_netkit_l3(world, verdict):
    """Mode L3."""
    cont = world.container(mode="l3", via=None)
    good_bind(world, verdict, cont.netns, cont.dev)
    verdict.add("seen", "l3")


def bind_by_nobody(world, verdict, lease):
    """A container of a user without any rights."""
    def work(inner, said):
        buf = DmaBuf(8192)
        binding = Binding(inner.netns, inner.dev, buf)
        said.bound(binding)
        nic = Binding(inner.netns, world.nic_number, buf)
        said.bound(nic)
        state = binding.end()
        said.add("binding", *([state] if lease else []))
        said.add("seen", "uid", os.getuid(), "of", inner.uid)
    in_userns(world, verdict, work, lease=lease)


add("bind-userns", bind_by_nobody, "nicA")
add("bind-userns-no-lease", bind_by_nobody, None)


@scenario()
def send_userns(world, verdict):
    """All of it without any rights."""
    def work(inner, said):
        transfer(inner.world, said, inner.netns, inner.dev, sink=inner.sink)
        said.add("seen", "uid", inner.uid)
    in_userns(world, verdict, work, lease="nicA")
