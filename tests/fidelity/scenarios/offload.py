# SPDX-License-Identifier: GPL-2.0
"""Offloads switched off under device memory: software would have to read it."""
from buf import Binding, DmaBuf
from flow import Flow
from suite import add
from world import REMOTE, REMOTE6

ROWS = (
    ("guest", "tx", "after", 500, REMOTE),
    ("guest", "tx", "after", 65536, REMOTE),
    ("guest", "sg", "after", 500, REMOTE),
    ("guest", "sg", "after", 65536, REMOTE),
    ("guest", "tx sg", "after", 65536, REMOTE),
    ("guest", "tx sg", "after", 61440, REMOTE6),
    ("guest", "tso", "after", 57344, REMOTE),
    ("guest", "gso tso", "after", 53248, REMOTE),
    ("guest", "gso tso", "before", 49152, REMOTE),
    ("guest", "tx sg", "before", 45056, REMOTE),
    ("guest", "gso sg", "before", 500, REMOTE),
    ("nic", "tx", "after", 500, REMOTE),
    ("nic", "tx", "after", 65536, REMOTE),
    ("nic", "sg", "after", 500, REMOTE),
    ("nic", "sg", "after", 65536, REMOTE),
    ("nic", "tx sg", "after", 40960, REMOTE),
    ("nic", "tso", "after", 36864, REMOTE),
    ("nic", "gso tso", "before", 32768, REMOTE6),
)


def offload(world, verdict, where, features, when, size, addr):
    """Off before or after the connection is made, then all is sent."""
    netns, dev = (world.guest, "nk_guest") if where == "guest" else (world.init, "nicA")
    binding = Binding(world.guest, "nk_guest", DmaBuf(65536))
    verdict.bound(binding)
    if when == "before":
        world.offload(netns, dev, "off", *features.split())
    flow = Flow(world, verdict, binding, to=addr, length=size)
    if when == "after":
        world.offload(netns, dev, "off", *features.split())
    flow.run(6, settle=0.5).tell().close()
    if "differs" in verdict.columns["delivered"][0]:
        # Native segmentation. How many, and whether a packet that it could
        # not make was dropped between, depends on when it was sent.
        verdict.columns.update(delivered=["wrong-bytes"], dropped=[], seen=[])
    verdict.add("seen", dev, *features.split(), when, size)
    verdict.add("binding", binding.end())


for _where, _features, _when, _size, _addr in ROWS:
    _name = f"offload-{_where}-{_features.replace(' ', '-')}-{_when}-{_size}"
    add(_name + ("-ipv6" if _addr == REMOTE6 else ""), offload,
        _where, _features, _when, _size, _addr)
