# SPDX-License-Identifier: GPL-2.0
"""Packets and dma-bufs of nmtx_fid.ko; ../ko/fid.h has the structs."""
import fcntl
import socket
import struct

from nl import errname

FID_SKB = struct.Struct("=iIIii6H128s16siI")
FID_DMABUF = struct.Struct("=IIiii")
FID_DEV = struct.Struct("=II")
(MODE_NONE, MODE_DMA, ABSENT, PRESENT, QUEUE_STOP, QUEUE_WAKE, NO_DMA_MASK,
 DMA_MASK, ABSENT_BEHIND_LOCK, REQUEUE) = range(10)


def request(number, form, direction):
    """The ioctl's number."""
    return direction << 30 | form.size << 16 | ord("f") << 8 | number


def ioctl(number, form, values, direction=3):
    """One call; the struct as it came back."""
    raw = bytearray(form.pack(*values))
    with open("/dev/nmtx_fid", "rb") as dev:
        fcntl.ioctl(dev, request(number, form, direction), raw)
    return form.unpack(raw)


def act(name, what):
    """Do something to a device of the initial namespace."""
    ioctl(3, FID_DEV, (socket.if_nametoindex(name), what), 1)


def bad_dmabuf(size, first=0, attach_err=0, map_err=0):
    """A dma-buf with something wrong; its fd."""
    return ioctl(2, FID_DMABUF, (size, first, attach_err, map_err, -1))[4]


def checksum(data):
    """Of an IP header."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def udp_header(macs, addrs, port, length):
    """Ethernet, IPv4 and UDP; no UDP checksum."""
    ip_header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + length, 0, 0x4000, 64,
                            17, 0, *map(socket.inet_aton, addrs))
    ip_header = (ip_header[:10] + struct.pack("!H", checksum(ip_header)) +
                 ip_header[12:])
    ethernet = b"".join(bytes.fromhex(mac.replace(":", "")) for mac in macs)
    return (ethernet + b"\x08\x00" + ip_header +
            struct.pack("!HHHH", 9, port, 8 + length, 0))


class Packet:
    """One packet for a device."""

    def __init__(self, netns, dev, frags, header, frag_len=256):
        self.netns, self.dev, self.frags = netns, dev, frags
        self.header, self.frag_len = header, frag_len
        self.nic, self.socks = "nicA", (-1, -1)
        self.vlan, self.csum, self.headroom = 0, (0, 0), 128

    def send(self):
        """What dev_queue_xmit() said, and whether it was unreadable."""
        with open(self.netns.path, "rb") as netns:
            got = ioctl(1, FID_SKB, (
                netns.fileno(), self.netns.ifindex(self.dev),
                socket.if_nametoindex(self.nic), *self.socks, self.vlan,
                *self.csum, self.frag_len, len(self.header), self.headroom,
                self.header, self.frags.encode(), 0, 0))
        xmit = got[-2]
        said = {0: "success", 1: "drop", 2: "cn"}.get(xmit, errname(-xmit))
        return said, bool(got[-1])
