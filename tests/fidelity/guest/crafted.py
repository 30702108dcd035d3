# SPDX-License-Identifier: GPL-2.0
"""Packets that user space cannot make, sent by a device, and where they end.

p a page, n unreadable memory that is no device memory, d device memory bound
for the first device that is named, e for the second.
"""
import socket

from buf import MSG_ZEROCOPY, Binding, DmaBuf, Sender, Sink, wait_for
from craft import Packet, udp_header
from nl import TX_BYTES, TX_PACKETS
from world import OTHER, REMOTE

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE = 19, 20, 2
LEN = 256
SMALL = 70      # bytes; acknowledgments, ARP and the like


class Stock:
    """Device memory in a TCP socket's send queue; in repair mode nothing of
    it is sent."""

    def __init__(self, world, verdict, netns, dev, src=None):
        self.buf = DmaBuf(4096, seed=netns.ifindex(dev))
        self.binding = Binding(netns, dev, self.buf)
        verdict.bound(self.binding)
        to_c = self.binding.where() == "nicC"
        self.sink = (Sink(world.other, OTHER) if to_c else Sink(world.remote, REMOTE))
        world.sysctl(src or netns, "net.ipv4.tcp_rto_min_us", 60000000)
        world.sysctl(src or netns, "net.ipv4.tcp_early_retrans", 0)
        self.sender = Sender(src or netns, self.sink.addr)
        self.sender.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        self.sender.sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE)
        self.sender.once(self.binding.id, [(0, 4096)], MSG_ZEROCOPY)

    def fileno(self):
        """The socket."""
        return self.sender.sock.fileno()

    def end(self):
        """Close; freed or kept."""
        self.sender.close()
        self.sink.close()
        return self.binding.end()


class Way:
    """How a packet gets from a device to a socket or a device of the far end."""

    def __init__(self, world, netns, dev, addr=REMOTE, far=None, nic="nicA"):
        self.netns, self.dev, self.addr, self.nic = netns, dev, addr, nic
        self.far = far or world.remote
        with self.far:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((addr, 0))
        self.sock.setblocking(False)

    def header(self, length, macs, src):
        """Ethernet, IP and UDP."""
        return udp_header(macs, (src, self.addr), self.sock.getsockname()[1], length)

    def received(self, got):
        """Add a datagram that has come, if any; are there some?"""
        try:
            got.append(self.sock.recv(65536))
        except BlockingIOError:
            pass
        except OSError:
            got.append(b"?")    # it came, and cannot be read
        return got


def mac(netns, dev):
    """Hardware address, 00:... when there is none."""
    with netns:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((dev, 0))
            return sock.getsockname()[4].hex() or "00" * 6


def content(frags, stocks):
    """What should come."""
    return b"".join({"p": b"P" * LEN, "n": b"N" * LEN}.get(kind) or
                    stocks["de".index(kind)].buf.data[:LEN] for kind in frags)


def far_mac(world, way):
    """Of who takes the packet from the device."""
    peers = {"nicA": (world.remote, "nicR"), "nicC": (world.other, "nicS"),
             "fx0": (world.remote, "fx1"), "nk_guest": (world.init, "nk_host"),
             "nk_host": (world.guest, "nk_guest")}
    return mac(*peers[way.dev]) if way.dev in peers else "02" + "00" * 4 + "01"


def packet_for(world, way, frags, stocks, vlan):
    """The packet, not sent yet."""
    src = {"nicA": "10.2.0.1", "nicC": "10.3.0.1"}.get(way.dev, "10.1.0.2")
    header = way.header(LEN * len(frags), (far_mac(world, way), mac(way.netns, way.dev)), src)
    packet = Packet(way.netns, way.dev, frags, header, LEN)
    packet.nic, packet.vlan = way.nic, vlan
    packet.socks = tuple([stock.fileno() for stock in stocks] + [-1, -1])[:2]
    return packet


def large_bytes(world):
    """{device: bytes it has sent}, where a small packet counts as none. The
    far ends send nothing on: what they say is their own."""
    packets = world.counts(TX_PACKETS)
    return {key: count - SMALL * packets[key]
            for key, count in world.counts(TX_BYTES).items()
            if key in packets and key.split("/")[0] not in ("remote", "other")}


def craft(world, verdict, way, frags, stocks=(), vlan=0):
    """Send one and say what came of it."""
    packet = packet_for(world, way, frags, stocks, vlan)
    before, nics, sent = world.dropped(), world.nic_bytes(), large_bytes(world)
    xmit, unreadable = packet.send()
    got = []

    wait_for(2, lambda: way.received(got) or world.rose(before))
    verdict.add("send", xmit)
    verdict.add("delivered", "0" if not got else f"{len(got[0])} "
                f"{'equal' if got[0] == content(frags, stocks) else 'differs'}")
    verdict.add("dropped", *(world.rose(before) or ["none"]))
    used = "+".join(nic for nic, count in world.nic_bytes().items() if count > nics[nic])
    left = sorted(key.split("/")[1] for key, count in large_bytes(world).items()
                  if count >= sent.get(key, 0) + LEN * len(frags) - 2 * SMALL)
    verdict.add("seen", "unreadable" if unreadable else "readable", frags,
                "left:" + ("+".join(left) or "none"),
                "dma:" + (used or "none"))


def crafted(world, verdict, netns, dev, frags, **kwargs):
    """Without device memory."""
    craft(world, verdict, Way(world, netns, dev, **kwargs), frags)
