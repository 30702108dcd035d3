# SPDX-License-Identifier: GPL-2.0
"""Every mode of a device, with every kind of packet.

Columns of the matrix: netkit (NO_DMA), nicA where the device memory is bound,
nicC where it is not, a veth (NONE). Rows: fragments of pages (p), unreadable
memory of io_uring's kind (n), device memory for nicA (d) and nicC (e).

A page before an unreadable fragment on a DMA device is not sent on native
kernels: validate_xmit_unreadable_skb() takes it for a net_iov and follows a
null pointer.
"""
from buf import Binding, DmaBuf
from crafted import Stock, Way, craft
from suite import add
from world import OTHER, ip

OOPS = "native would follow a null pointer"
WRONG = "native would let a NIC read at an address of another NIC's domain"
KINDS = ("p", "n", "d", "e", "nn", "dd", "pp", "dp", "pd", "np", "pn", "nd", "dn", "de", "ed",
         "dpd", "ddddp", "dddde")


def way_of(world, where):
    """Where the packet is sent, and how it would arrive."""
    if where == "netkit":
        return Way(world, world.guest, "nk_guest")
    if where == "nicA":
        return Way(world, world.init, "nicA")
    if where == "nicC":
        return Way(world, world.init, "nicC", OTHER, world.other, "nicC")
    world.veth()
    ip("link set fx0 up")
    return Way(world, world.init, "fx0", "10.9.0.2")


def stocks_of(world, verdict, frags, where):
    """Bindings as needed: d through the netkit, or on nicA itself; e by nicC."""
    stocks = []
    if "d" in frags or "e" in frags:
        if where == "netkit":
            stocks.append(Stock(world, verdict, world.guest, "nk_guest"))
        else:
            stocks.append(Stock(world, verdict, world.init, "nicA"))
    if "e" in frags:
        stocks.append(Stock(world, verdict, world.init, "nicC"))
    return stocks


def guard(world, frags):
    """The module looks at DMA devices only while it has a binding (from 7.1
    on): for what a stock kernel would choke on there is one."""
    if len(set(frags)) > 1 and not world.native:
        world.later(Binding(world.guest, "nk_guest", DmaBuf(4096)).end)


def one(world, verdict, where, frags):
    """One cell."""
    guard(world, frags)
    stocks = stocks_of(world, verdict, frags, where)
    craft(world, verdict, way_of(world, where), frags, stocks)
    for stock in stocks:
        verdict.add("binding", stock.end())


def why_not(where, frags):
    """Not on native kernels, and why. There only the first fragment counts."""
    if where == "veth" or len(set(frags)) == 1:
        return ""
    if frags[0] == "p":
        return OOPS
    foreign = "d" if where == "nicC" else "e"
    return WRONG if frags[0] != foreign and foreign in frags else ""


for _where in ("netkit", "nicA", "nicC", "veth"):
    for _frags in KINDS:
        if _where == "veth" and len(_frags) > 2:
            continue
        add(f"mode-{_where}-{_frags}", one, _where, _frags, native=why_not(_where, _frags))


def tagged(world, verdict, where, frags):
    """With a VLAN tag beside the packet."""
    world.ip("link add link nicR name nicR.9 type vlan id 9", "addr add 10.2.9.2/24 dev nicR.9",
             "link set nicR.9 up", netns="remote", undo=("link del nicR.9",))
    stocks = stocks_of(world, verdict, frags, where)
    netns, dev = (world.guest, "nk_guest") if where == "netkit" else (world.init, "nicA")
    craft(world, verdict, Way(world, netns, dev, "10.2.9.2"), frags, stocks, vlan=9)
    verdict.add("seen", "vlan")
    for stock in stocks:
        verdict.add("binding", stock.end())


for _where in ("netkit", "nicA"):
    for _frags in ("p", "n", "d"):
        add(f"mode-{_where}-vlan-tag-{_frags}", tagged, _where, _frags)
