# SPDX-License-Identifier: GPL-2.0
"""sendmsg() of device memory: by whom, from where in the dma-buf, which way."""
import errno
import re
import socket
import struct

from buf import (MSG_MORE, MSG_ZEROCOPY, SCM_DEVMEM_DMABUF, Binding, DmaBuf,
                 Sender, Sink, devmem_cmsg, sendmsg, split)
from flow import Flow, transfer
from nl import errname
from suite import add, scenario
from world import OTHER, REMOTE, REMOTE6, ip, run

SO_BINDTODEVICE, SO_MARK, TCP_MAXSEG = 25, 36, 2


def way(netns, addr):
    """The device that the route leads to, or why there is none."""
    with netns:
        code, text = run("ip", "route", "get", addr, check=False)
    found = re.search(r" dev (\S+)" if not code else r"answers: (.*)", text)
    return "route:" + (found.group(1).replace(" ", "-") if found else "?")


def shape(world, verdict, plan):
    """One transfer, with its own ranges and pieces."""
    transfer(world, verdict, **plan)


NODELAY = ((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),)
SHAPES = {
    "one-byte": {"length": 1},
    "across-pages": {"offset": 4095, "length": 2},
    "odd-offset": {"offset": 4097, "length": 12345},
    "last-bytes": {"offset": 65533, "length": 3},
    "pieces-of-3": {"length": 3000, "iov": 3, "chunk": 3000},
    "pieces-of-1000": {"length": 34000, "iov": 1000, "chunk": 17000},
    "pieces-across-pages": {"offset": 100, "length": 50000, "iov": 5000},
    "sendmsg-for-each-byte": {"length": 40, "chunk": 1, "options": NODELAY},
    "small-mss": {"length": 20000, "chunk": 700, "options":
                  NODELAY + ((socket.IPPROTO_TCP, TCP_MAXSEG, 536),)},
    "one-mebibyte": {"size": 1 << 20, "chunk": 1 << 20, "iov": 1 << 20},
    "ipv6": {"to": REMOTE6, "size": 131072},
    "ipv6-pieces": {"to": REMOTE6, "length": 9999, "iov": 7, "chunk": 3333},
    "same-range-again": {"length": 50001, "offset": 999, "count": 3},
}
for _name, _plan in SHAPES.items():
    add(f"send-{_name}", shape, _plan)


def refused(world, verdict, plan):
    """A bind, and a first sendmsg() that is refused."""
    transfer(world, verdict, **plan)
    verdict.add("seen", *plan)


REFUSED = {
    "no-msg-zerocopy": {"flags": 0},
    "no-so-zerocopy": {"so_zerocopy": False},
    "unknown-id": {"id": 4711},
    "id-zero": {"id": 0},
    "past-the-end": {"offset": 65536, "length": 100},
    "cmsg-too-short": {"control": struct.pack(
        "=QiiI4x", 17, socket.SOL_SOCKET, SCM_DEVMEM_DMABUF, 1)},
}
for _name, _plan in REFUSED.items():
    add(f"send-{_name}", refused, _plan)


@scenario()
def send_far_past_the_end(world, verdict):
    """Offsets that no dma-buf has, and lengths that wrap."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(4096))
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    for piece in ((1 << 40, 100), ((1 << 64) - 4096, 4096), (4095, 1 << 30)):
        got = flow.sender.once(binding.id, [piece])
        verdict.add("send", got if got >= 0 else errname(-got))
    flow.close()
    verdict.add("binding", binding.end())


@scenario()
def send_across_the_end(world, verdict):
    """What is inside the dma-buf goes, the rest does not."""
    transfer(world, verdict, size=8192, offset=4096, length=8192, chunk=8192)


@scenario()
def send_two_ids_in_one_call(world, verdict):
    """The last control message counts."""
    first, second = DmaBuf(8192, 1), DmaBuf(8192, 2)
    one, two = (Binding(world.guest, "nk_guest", buf) for buf in (first, second))
    verdict.bound(one)
    verdict.bound(two)
    flow = Flow(world, verdict, two, control=devmem_cmsg(one.id) + devmem_cmsg(two.id))
    flow.run().tell().close()
    verdict.add("binding", one.end(), two.end())


@scenario()
def send_empty(world, verdict):
    """Nothing to send: the id is still looked at."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(4096))
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    for dmabuf_id in (binding.id, 4711):
        got = flow.sender.once(dmabuf_id, [(0, 0)])
        verdict.add("send", got if got >= 0 else errname(-got))
    flow.close()
    verdict.add("binding", binding.end())


@scenario()
def send_udp(world, verdict):
    """UDP knows no device memory: the offset is an address there."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(4096))
    verdict.bound(binding)
    with world.guest:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, 60, 1)
    sock.connect((REMOTE, 9))
    got = sendmsg(sock, [(0, 100)], devmem_cmsg(binding.id), MSG_ZEROCOPY)
    verdict.add("send", got if got >= 0 else errname(-got))
    verdict.add("seen", "udp")
    verdict.add("binding", binding.end())


@scenario()
def send_after_unbind(world, verdict):
    """The id ends with its netlink socket."""
    buf = DmaBuf(8192)
    binding = Binding(world.guest, "nk_guest", buf)
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    verdict.add("binding", binding.end())
    flow.run().tell().close()


@scenario()
def send_dmabuf_closed(world, verdict):
    """The binding holds the dma-buf."""
    buf = DmaBuf(8192)
    binding = Binding(world.guest, "nk_guest", buf)
    verdict.bound(binding)
    buf.close()
    Flow(world, verdict, binding).run().tell().close()
    verdict.add("binding", binding.end())


@scenario()
def send_connected_before_bind(world, verdict):
    """The connection was there first."""
    buf = DmaBuf(16384)
    flow = Flow(world, verdict, None, buf=buf)
    binding = Binding(world.guest, "nk_guest", buf)
    verdict.bound(binding)
    flow.plan["id"] = binding.id
    flow.run().tell().close()
    verdict.add("binding", binding.end())


@scenario()
def send_two_sockets(world, verdict):
    """Two connections, one binding."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(32768))
    verdict.bound(binding)
    flows = [Flow(world, verdict, binding), Flow(world, verdict, binding, to=REMOTE6)]
    for flow in flows:
        flow.run().tell()
    for flow in flows:
        flow.close()
    verdict.add("binding", binding.end())


@scenario()
def send_by_nic(world, verdict):
    """Bound on the NIC, sent by it."""
    transfer(world, verdict, world.init, "nicA", size=20480)


@scenario()
def send_by_nic_of_container(world, verdict):
    """The host sends what a container bound: by the NIC, where it is."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(12288))
    verdict.bound(binding)
    Flow(world, verdict, binding, src=world.init).run().tell().close()
    verdict.add("binding", binding.end())


@scenario()
def send_container_takes_hosts(world, verdict):
    """A container cannot send what the host bound on the NIC."""
    binding = Binding(world.init, "nicA", DmaBuf(12288))
    verdict.bound(binding)
    Flow(world, verdict, binding).run().tell().close()
    verdict.add("binding", binding.end())
    verdict.add("seen", "host's")


@scenario()
def send_container_takes_anothers(world, verdict):
    """Nor what another container bound on the same NIC."""
    cont = world.container()
    binding = Binding(world.guest, "nk_guest", DmaBuf(4096))
    verdict.bound(binding)
    Flow(world, verdict, binding, src=cont.netns).run().tell().close()
    verdict.add("binding", binding.end())
    verdict.add("seen", "another's")


def same_number(world, verdict, owner, dev, same):
    """A netkit with the number of another device, in a namespace of its own,
    and what it sends of that device's binding."""
    number = owner.ifindex(dev)
    netns = world.space("fxns")
    ip(f"link add fxh index 7777 type netkit mode l2 peer name fxg index {number}",
       "link set fxh netns 1", netns="fxns")
    world.ip("addr add 10.18.0.1/24 dev fxh", "link set fxh up", undo=("link del fxh",))
    ip("addr add 10.18.0.2/24 dev fxg", "link set fxg up",
       "route add default via 10.18.0.1", netns="fxns")
    world.redirect("fxh", "nicA")
    binding = Binding(owner, dev, DmaBuf(4096))
    verdict.bound(binding)
    Flow(world, verdict, binding, src=netns).run().tell().close()
    verdict.add("binding", binding.end())
    verdict.add("seen", same if netns.ifindex("fxg") == number else "other")


@scenario()
def send_same_number_takes_hosts(world, verdict):
    """A netkit that has the NIC's number in its own namespace."""
    same_number(world, verdict, world.init, "nicA", "same")


@scenario()
def send_same_number_takes_anothers(world, verdict):
    """A netkit that has the number of another container's netkit."""
    same_number(world, verdict, world.guest, "nk_guest", "same-as-netkit")


@scenario()
def send_bound_elsewhere(world, verdict):
    """Bound for nicA by a lease, sent by a container whose NIC is nicC."""
    cont = world.container(lease="nicC", via="nicC")
    binding = Binding(world.guest, "nk_guest", DmaBuf(4096))
    verdict.bound(binding)
    Flow(world, verdict, binding, src=cont.netns, to=OTHER, dst=world.other).run().tell().close()
    verdict.add("binding", binding.end())
    verdict.add("seen", "nicC's")


@scenario()
def send_nic_other_nic(world, verdict):
    """Bound on nicA, a connection by nicC."""
    binding = Binding(world.init, "nicA", DmaBuf(4096))
    verdict.bound(binding)
    Flow(world, verdict, binding, src=world.init, to=OTHER, dst=world.other).run().tell().close()
    verdict.add("binding", binding.end())
    verdict.add("seen", way(world.init, OTHER))


@scenario()
def send_bindtodevice(world, verdict):
    """SO_BINDTODEVICE to the netkit."""
    transfer(world, verdict, options=((socket.SOL_SOCKET, SO_BINDTODEVICE, b"nk_guest\0"),),
             length=7000)


@scenario()
def send_by_lo(world, verdict):
    """To an address of the guest itself: the route leads to lo."""
    transfer(world, verdict, to="10.1.0.2", dst=world.guest, length=5000)
    verdict.add("seen", way(world.guest, "10.1.0.2"))


MIXED = {
    "plain-first": (("plain", MSG_MORE), ("devmem", 0)),
    "plain-last": (("devmem", MSG_MORE), ("plain", 0)),
    "zerocopy-first": (("user", MSG_MORE), ("devmem", 0)),
    "zerocopy-last": (("devmem", MSG_MORE), ("user", 0)),
}


def mixed(world, verdict, parts):
    """Plain bytes and device memory for one packet."""
    buf = DmaBuf(8192)
    binding = Binding(world.guest, "nk_guest", buf)
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    address = buf.address()
    for kind, more in parts:
        if kind == "devmem":
            got = flow.sender.once(binding.id, split(0, 400, 400), MSG_ZEROCOPY | more)
        else:
            got = sendmsg(flow.sender.sock, [(address, 400)], b"",
                          (MSG_ZEROCOPY if kind == "user" else 0) | more)
        verdict.add("send", kind, got if got >= 0 else errname(-got))
    flow.want = bytes(buf.data[:400]) * 2
    flow.sent = len(flow.want)
    flow.run(4).tell().close()
    verdict.add("binding", binding.end())


for _name, _parts in MIXED.items():
    add(f"send-mixed-{_name}", mixed, _parts)


# --- routes that change under a connection -------------------------------

def refused_either_way(verdict, flow):
    """ENODEV or EHOSTUNREACH: which depends on what the socket noticed first."""
    if flow.err in (errno.ENODEV, errno.EHOSTUNREACH):
        verdict.columns["send"] = ["refused"]


def rerouted(world, verdict, version, lines, back, what=""):
    """Some is sent, the route changes, more is sent."""
    to = REMOTE6 if version == 6 else REMOTE
    buf = DmaBuf(32768)
    binding = Binding(world.guest, "nk_guest", buf)
    verdict.bound(binding)
    flow = Flow(world, verdict, binding, to=to, chunk=4096, length=4096, count=8)
    flow.first()
    for line in lines:
        world.route(version, line.format(to=to))
    world.later(lambda: [world.route(version, line.format(to=to), check=False)
                         for line in back])
    flow.run(4).tell().close()
    if what == "deleted":
        refused_either_way(verdict, flow)
    verdict.add("binding", binding.end())
    verdict.add("seen", f"ipv{version}", way(world.guest, to))


ROUTES = {
    "expired": (("route flush cache",), ()),
    "unreachable": (("route add unreachable {to}",), ("route del unreachable {to}",)),
    "blackhole": (("route add blackhole {to}",), ("route del blackhole {to}",)),
    "elsewhere": (("link add fxd type dummy", "link set fxd up", "route add {to} dev fxd"),
                  ("link del fxd",)),
}
GONE = {4: "via 10.1.0.1 dev nk_guest", 6: "via fd01::1 dev nk_guest"}
for _version in (4, 6):
    for _name, (_lines, _back) in ROUTES.items():
        add(f"send-route-{_name}-ipv{_version}", rerouted, _version, _lines, _back)
    add(f"send-route-deleted-ipv{_version}", rerouted, _version, ("route del default",),
        (f"route add default {GONE[_version]}",), "deleted")


@scenario()
def send_route_to_nic(world, verdict):
    """Bound through a netkit in this namespace; then the route leads to the
    NIC itself, which is where the binding is."""
    buf = DmaBuf(32768)
    world.ip("link add fxh numrxqueues 2 type netkit peer name fxg numrxqueues 2",
             "addr add 10.18.0.2/24 dev fxg", undo=("link del fxh",))
    world.lease("fxg", "nicA")
    binding = Binding(world.init, "fxg", buf)
    verdict.bound(binding)
    Flow(world, verdict, binding, src=world.init).run().tell().close()
    verdict.add("binding", binding.end())


@scenario()
def send_vdev_down(world, verdict):
    """The netkit goes down in the middle."""
    cont = world.container()
    binding = Binding(cont.netns, cont.dev, DmaBuf(32768))
    verdict.bound(binding)
    flow = Flow(world, verdict, binding, src=cont.netns, chunk=4096, length=4096, count=8)
    flow.first()
    ip(f"link set {cont.dev} down", netns=cont.name)
    flow.run(3).tell().close()
    # The other end drops what comes for it, or nothing comes.
    verdict.columns["dropped"] = []
    refused_either_way(verdict, flow)
    verdict.add("binding", binding.end())


@scenario()
def send_vdev_deleted(world, verdict):
    """The netkit is deleted in the middle."""
    cont = world.container()
    binding = Binding(cont.netns, cont.dev, DmaBuf(32768))
    verdict.bound(binding)
    flow = Flow(world, verdict, binding, src=cont.netns, chunk=4096, length=4096, count=8)
    flow.first()
    ip(f"link del {cont.host}")
    flow.run(3).tell().close()
    refused_either_way(verdict, flow)
    verdict.add("binding", binding.end())
    verdict.add("seen", "deleted")


@scenario(native="whether a new device inherits the id depends on its address")
def send_vdev_replaced(world, verdict):
    """A new netkit in its place does not inherit its bindings."""
    cont = world.container()
    binding = Binding(cont.netns, cont.dev, DmaBuf(8192))
    verdict.bound(binding)
    ip(f"link del {cont.host}")
    other = world.container()
    Flow(world, verdict, binding, src=other.netns).run(3).tell().close()
    verdict.add("binding", binding.end())


@scenario()
def send_listener(world, verdict):
    """A socket that is not connected."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(4096))
    verdict.bound(binding)
    with world.guest:
        sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, 60, 1)
    got = sendmsg(sock, [(0, 100)], devmem_cmsg(binding.id), MSG_ZEROCOPY)
    verdict.add("send", got if got >= 0 else errname(-got))
    verdict.add("binding", binding.end())
    sink = Sink(world.remote, REMOTE)
    sender = Sender(world.guest, sink.addr)
    sender.sock.shutdown(socket.SHUT_WR)
    got = sender.once(binding.id, [(0, 100)])
    verdict.add("send", got if got >= 0 else errname(-got))
