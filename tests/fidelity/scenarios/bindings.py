# SPDX-License-Identifier: GPL-2.0
"""Bindings: how many, how long, and what happens to their devices."""
import os
import signal
import time

from buf import SLOW, Binding, DmaBuf, wait_for
from craft import MODE_DMA, MODE_NONE, act
from flow import Flow, transfer
from nl import Netdev
from suite import scenario
from world import carrier, ip


def send(world, verdict, binding, netns=None, **plan):
    """All of a binding's bytes; how the connection went."""
    Flow(world, verdict, binding, src=netns or world.guest, **plan).run(6).tell().close()


@scenario()
def binding_two_on_one_vdev(world, verdict):
    """Each is sent by its own id."""
    one = Binding(world.guest, "nk_guest", DmaBuf(4096, 1))
    two = Binding(world.guest, "nk_guest", DmaBuf(8192, 2))
    for binding in (one, two):
        verdict.bound(binding)
    for binding in (two, one):
        send(world, verdict, binding)
    verdict.add("binding", one.end(), two.end())


@scenario()
def binding_same_dmabuf_twice(world, verdict):
    """Two ids; the first to go takes nothing from the second."""
    buf = DmaBuf(12288)
    one = Binding(world.guest, "nk_guest", buf)
    two = Binding(world.guest, "nk_guest", buf)
    verdict.bound(one)
    verdict.bound(two)
    verdict.add("seen", "ids-differ" if one.id != two.id else "same-id")
    one.nl.close()
    wait_for(5, lambda: len(buf.attached()) == 1)
    verdict.add("binding", "then", two.where())
    send(world, verdict, two)
    verdict.add("binding", two.end())


@scenario()
def binding_twice_on_one_socket(world, verdict):
    """One netlink socket, two bindings: both end with it."""
    nl = Netdev(world.guest)
    one = Binding(world.guest, "nk_guest", DmaBuf(4096), nl)
    two = Binding(world.guest, "nk_guest", DmaBuf(4096), nl)
    verdict.bound(one)
    verdict.bound(two)
    verdict.add("binding", one.end(), two.state(5))


@scenario()
def binding_netkit_and_nic(world, verdict):
    """The same dma-buf through the netkit and on the NIC."""
    buf = DmaBuf(8192)
    one = Binding(world.guest, "nk_guest", buf)
    two = Binding(world.init, "nicA", buf)
    verdict.bound(one)
    verdict.bound(two)
    send(world, verdict, one)
    send(world, verdict, two, world.init)
    two.nl.close()
    verdict.add("binding", one.end())


@scenario()
def binding_two_containers_two_nics(world, verdict):
    """One dma-buf, two containers, two NICs."""
    cont = world.container(lease="nicC", via="nicC")
    buf = DmaBuf(8192)
    one = Binding(world.guest, "nk_guest", buf)
    two = Binding(cont.netns, cont.dev, buf)
    verdict.bound(one)
    verdict.bound(two)
    send(world, verdict, one)
    send(world, verdict, two, cont.netns, to="10.3.0.2", dst=world.other)
    two.nl.close()
    verdict.add("binding", one.end())


@scenario()
def binding_many(world, verdict):
    """A hundred of them."""
    nl = Netdev(world.guest)
    bufs = [DmaBuf(4096, n) for n in range(100)]
    made = [Binding(world.guest, "nk_guest", buf, nl) for buf in bufs]
    verdict.add("bind", sum(one.err == "ok" for one in made), "ok")
    verdict.add("seen", len({one.id for one in made}), "ids")
    send(world, verdict, made[57])
    nl.close()
    verdict.add("binding", sum(one.state(5) == "freed" for one in made), "freed")


@scenario()
def binding_process_killed(world, verdict):
    """It ends with the process that made it."""
    buf = DmaBuf(4096)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        binding = Binding(world.guest, "nk_guest", buf)
        os.write(writer, binding.err.encode())
        time.sleep(1000)
    verdict.add("bind", os.read(reader, 100).decode())
    verdict.add("binding", "+".join(buf.attached()))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    verdict.add("binding", "freed" if wait_for(10, lambda: not buf.attached()) else "kept")


def stuck_flow(world, verdict, binding, netns=None):
    """A connection whose receiver does not read: bytes stay queued."""
    flow = Flow(world, verdict, binding, src=netns or world.guest, rcvbuf=2048,
                chunk=4096)
    flow.sink.paused = True
    flow.step()
    return flow


def unbound_in_flight(world, verdict):
    """A binding whose socket was closed, and the flow that still holds it."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(262144))
    verdict.bound(binding)
    flow = stuck_flow(world, verdict, binding)
    binding.nl.close()
    verdict.add("binding", binding.state(0.5))
    return binding, flow


@scenario()
def binding_unbound_in_flight(world, verdict):
    """What is queued holds it; it ends with the connection."""
    binding, flow = unbound_in_flight(world, verdict)
    flow.close()
    verdict.add("binding", binding.state(10))


@scenario()
def binding_unbound_in_flight_arrives(world, verdict):
    """What is queued still arrives."""
    binding, flow = unbound_in_flight(world, verdict)
    flow.want = flow.want[:flow.sent]
    flow.sink.paused = False
    flow.run(10).tell()
    verdict.columns["delivered"] = [flow.sink.compared(flow.want).split()[-1]]
    flow.close()
    verdict.add("binding", binding.state(10))


@scenario()
def binding_unbound_then_send(world, verdict):
    """In the middle of a connection: the id is unknown then."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(32768))
    verdict.bound(binding)
    flow = Flow(world, verdict, binding, chunk=4096, length=4096, count=8)
    flow.first()
    binding.nl.close()
    flow.run(4).tell().close()
    verdict.add("binding", binding.state(10))


@scenario()
def binding_vdev_moved(world, verdict):
    """The netkit moves on to another namespace: binding and lease stay."""
    cont = world.container()
    binding = Binding(cont.netns, cont.dev, DmaBuf(8192))
    verdict.bound(binding)
    there = world.space("fxns")
    ip(f"link set {cont.dev} netns fxns", netns=cont.name)
    ip(f"addr add {cont.addr}/24 dev {cont.dev}", f"link set {cont.dev} up",
       f"route add default via {cont.addr[:-1]}1", netns="fxns")
    send(world, verdict, binding, there)
    again = Binding(there, cont.dev, DmaBuf(4096))
    verdict.bound(again)
    verdict.add("binding", binding.state(0.1), again.end(), binding.end())
    verdict.add("seen", "moved")


@scenario()
def binding_vdev_moved_and_back(world, verdict):
    """There and back; a connection from before goes on."""
    cont = world.container()
    binding = Binding(cont.netns, cont.dev, DmaBuf(16384))
    verdict.bound(binding)
    world.space("fxns")
    ip(f"link set {cont.dev} netns fxns", netns=cont.name)
    ip(f"link set {cont.dev} netns {cont.name}", netns="fxns")
    ip(f"addr add {cont.addr}/24 dev {cont.dev}", f"link set {cont.dev} up",
       f"route add default via {cont.addr[:-1]}1", netns=cont.name)
    send(world, verdict, binding, cont.netns)
    verdict.add("binding", binding.end())
    verdict.add("seen", "back")


@scenario()
def binding_vdev_renamed(world, verdict):
    """A name is nothing."""
    cont = world.container()
    binding = Binding(cont.netns, cont.dev, DmaBuf(4096))
    verdict.bound(binding)
    ip(f"link set {cont.dev} name fxg", netns=cont.name)
    send(world, verdict, binding, cont.netns)
    verdict.add("binding", binding.end())
    verdict.add("seen", "renamed")


@scenario()
def binding_vdev_deleted(world, verdict):
    """The netkit goes; the binding is there until its socket is closed."""
    cont = world.container(via=None)
    binding = Binding(cont.netns, cont.dev, DmaBuf(4096))
    verdict.bound(binding)
    ip(f"link del {cont.host}")
    verdict.add("binding", binding.state(0.3), binding.end())
    verdict.add("seen", "there" if cont.netns.ifindex(cont.dev) else "deleted")


@scenario()
def binding_netns_deleted(world, verdict):
    """The whole container goes while a connection has bytes queued."""
    cont = world.container()
    buf = DmaBuf(262144)
    binding = Binding(cont.netns, cont.dev, buf)
    verdict.bound(binding)
    flow = stuck_flow(world, verdict, binding, cont.netns)
    ip(f"link del {cont.host}")
    verdict.add("binding", binding.state(0.3))
    flow.close()
    verdict.add("binding", binding.state(0.3), binding.end())


@scenario()
def binding_nic_down_and_up(world, verdict):
    """The NIC goes down and comes back: the binding is good."""
    cont = world.container(lease="nicC", via="nicC")
    binding = Binding(cont.netns, cont.dev, DmaBuf(20480))
    verdict.bound(binding)
    ip("link set nicC down", "link set nicC up", "addr replace fd03::1/64 dev nicC nodad")
    wait_for(10, lambda: carrier("nicC"))
    send(world, verdict, binding, cont.netns, to="10.3.0.2", dst=world.other)
    verdict.add("binding", binding.end())


@scenario()
def binding_nic_becomes_none(world, verdict):
    """The NIC's mode becomes NONE: what is sent is dropped there."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(4096))
    verdict.bound(binding)
    world.later(act, "nicA", MODE_DMA)
    flow = Flow(world, verdict, binding)
    act("nicA", MODE_NONE)
    flow.run(4).tell()
    act("nicA", MODE_DMA)
    flow.run(6, settle=6)
    verdict.add("seen", "then", flow.sink.compared(flow.want))
    flow.close()
    verdict.add("binding", binding.end())


@scenario()
def binding_lease_for_both(world, verdict):
    """Two containers lease one NIC; each sends its own."""
    cont = world.container()
    transfer(world, verdict, cont.netns, cont.dev, size=12288)
    transfer(world, verdict, size=4096)


@scenario()
def binding_of_parent_used_by_child(world, verdict):
    """A process that inherited the netlink socket keeps the binding."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(12288))
    verdict.bound(binding)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.read(reader, 1)
        os._exit(0)
    binding.nl.close()
    verdict.add("binding", binding.state(0.3 * SLOW))
    send(world, verdict, binding)
    os.write(writer, b".")
    os.waitpid(pid, 0)
    verdict.add("binding", binding.state(10))
