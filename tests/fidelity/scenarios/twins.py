# SPDX-License-Identifier: GPL-2.0
"""Twins of the kernel's own tests, tools/testing/selftests/drivers/net/hw:
devmem.py and nk_devmem.py. What ncdevmem sends there is sent here, in the
same pieces, over IPv6 as they do; they compare the text that socat printed."""
from buf import Binding, DmaBuf
from flow import Flow
from suite import add
from world import REMOTE, REMOTE6

TEXT = b"hello\nworld\n"


def twin(world, verdict, dev, piece, addr):
    """ncdevmem reads lines and sends each by one sendmsg()."""
    netns = world.guest if dev == "nk_guest" else world.init
    buf = DmaBuf(16 * 4096)
    buf.data[:len(TEXT)] = TEXT
    binding = Binding(netns, dev, buf)
    verdict.bound(binding)
    flow = Flow(world, verdict, binding, src=netns, to=addr, length=len(TEXT), chunk=6,
                iov=piece)
    flow.run().tell().close()
    verdict.add("seen", dev, f"pieces:{piece}", repr(bytes(flow.sink.got).decode()))
    verdict.add("binding", binding.end())


add("twin-nk-devmem-check-nk-tx", twin, "nk_guest", 4096, REMOTE6)
add("twin-nk-devmem-check-nk-tx-chunks", twin, "nk_guest", 3, REMOTE6)
add("twin-devmem-check-tx", twin, "nicA", 4096, REMOTE)
add("twin-devmem-check-tx-chunks", twin, "nicA", 3, REMOTE)
