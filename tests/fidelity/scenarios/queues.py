# SPDX-License-Identifier: GPL-2.0
"""Packets that wait: in qdiscs on the way, in that of the NIC, and again."""
import re

from buf import Binding, DmaBuf, wait_for
from craft import QUEUE_STOP, QUEUE_WAKE, REQUEUE, act
from flow import Flow, transfer
from suite import add, scenario
from world import run


def held_up(world, verdict, size):
    """A binding, and a flow whose packets cannot leave the NIC's queue."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(size))
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    world.later(act, "nicA", QUEUE_WAKE)
    act("nicA", QUEUE_STOP)
    flow.step()
    return binding, flow


@scenario()
def path_queue_stopped(world, verdict):
    """Packets wait in the NIC's qdisc until its queue is woken."""
    binding, flow = held_up(world, verdict, 65536)
    waited = wait_for(5, lambda: backlog("nicA"))
    verdict.add("seen", "waited" if waited else "did-not-wait")
    act("nicA", QUEUE_WAKE)
    flow.run(10).tell().close()
    verdict.add("binding", binding.end())


def backlog(dev):
    """Packets in a device's qdisc."""
    found = re.findall(r"backlog \d+\S* (\d+)p", run("tc", "-s", "qdisc", "show", "dev", dev))
    return sum(map(int, found))


@scenario()
def path_queue_stopped_unbound(world, verdict):
    """Unbound while its packets wait there: they hold it, and still leave."""
    binding, flow = held_up(world, verdict, 8192)
    wait_for(5, lambda: backlog("nicA"))
    binding.nl.close()
    verdict.add("binding", binding.state(0.5))
    act("nicA", QUEUE_WAKE)
    flow.run(10).tell().close()
    verdict.add("binding", binding.state(10))


def requeues(dev):
    """How often a device's qdisc got packets back."""
    return int(re.search(r"requeues (\d+)", run("tc", "-s", "qdisc", "show", "dev", dev))[1])


def requeue(world, verdict, size, unbind):
    """The NIC takes one segment of a packet; the others wait, already seen by
    the validator."""
    binding = Binding(world.guest, "nk_guest", DmaBuf(size))
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    world.later(act, "nicA", QUEUE_WAKE)
    world.offload(world.init, "nicA", "off", "tso")
    before = requeues("nicA")
    act("nicA", REQUEUE)
    flow.step()
    again = wait_for(5, lambda: requeues("nicA") > before)
    verdict.add("seen", "requeued" if again else "not-requeued")
    if unbind:
        binding.nl.close()
        verdict.add("binding", binding.state(0.5))
    act("nicA", QUEUE_WAKE)
    flow.run(10).tell().close()
    verdict.add("binding", binding.state(10) if unbind else binding.end())


add("path-requeued", requeue, 57344, False)
add("path-requeued-unbound", requeue, 12288, True)


QDISCS = {
    "tbf-guest": ("guest", "nk_guest", "tbf rate 100mbit burst 3000 latency 500ms"),
    "tbf-nic": ("init", "nicA", "tbf rate 100mbit burst 3000 latency 500ms"),
    "fq-guest": ("guest", "nk_guest", "fq"),
    "fq-codel-nic": ("init", "nicA", "fq_codel"),
    "prio-guest": ("guest", "nk_guest", "prio"),
    "netem-delay-nic": ("init", "nicA", "netem delay 20ms"),
}


def qdisc(world, verdict, where, dev, words):
    """Another qdisc on the way."""
    netns = world.spaces[where]

    def tc(*args):
        with netns:
            run("tc", "qdisc", *args)
    tc("add", "dev", dev, "root", *words.split())
    world.later(tc, "del", "dev", dev, "root")
    transfer(world, verdict, size=98304)
    verdict.add("seen", dev, words.split()[0])


for _name, _what in QDISCS.items():
    add(f"path-qdisc-{_name}", qdisc, *_what)
