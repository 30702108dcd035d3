# SPDX-License-Identifier: GPL-2.0
"""Network namespaces, and what is asked of the kernel by netlink and ioctl."""
import array
import ctypes
import errno
import fcntl
import os
import socket
import struct

CLONE_NEWNET = 0x40000000
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
SOL_NETLINK, NETLINK_EXT_ACK, NETLINK_CAP_ACK = 270, 11, 10
GENL_ID_CTRL = 16
RTM_NEWLINK, RTM_GETLINK, IFLA_IFNAME, IFLA_LINKINFO, IFLA_STATS64 = 16, 18, 3, 18, 23
IFLA_NUM_RX_QUEUES, IFLA_NETKIT_PAIRING = 32, 10
TX_PACKETS, TX_BYTES, TX_DROPPED = 1, 3, 7     # places in struct rtnl_link_stats64

# Family netdev: bind-tx and its attributes.
BIND_TX = 15
A_IFINDEX, A_FD, A_ID = 1, 3, 4


def errname(number):
    """ENODEV for 19, ok for 0."""
    if number == errno.EOPNOTSUPP:
        return "EOPNOTSUPP"
    return errno.errorcode.get(number, str(number)) if number else "ok"


class Netns:
    """A network namespace by its file; "with" enters it."""

    stack = []

    def __init__(self, path):
        self.path = path
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __enter__(self):
        Netns.stack.append(os.open("/proc/thread-self/ns/net",
                                   os.O_RDONLY | os.O_CLOEXEC))
        os.setns(self.fd, CLONE_NEWNET)
        return self

    def __exit__(self, *_):
        back = Netns.stack.pop()
        os.setns(back, CLONE_NEWNET)
        os.close(back)

    def ifindex(self, name):
        """The number of a device, 0 when there is none."""
        with self:
            try:
                return socket.if_nametoindex(name)
            except OSError:
                return 0


class Here:
    """The namespace one is in already."""

    path = "/proc/self/ns/net"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ifindex(self, name):
        """The number of a device."""
        return socket.if_nametoindex(name)


def attr(kind, data):
    """One attribute, padded; a number is a u32."""
    if isinstance(data, int):
        data = struct.pack("=I", data & 0xffffffff)
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)


def attrs(data):
    """Attributes as a dict."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found[kind & 0x3fff] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


class Netlink:
    """A socket; it belongs to the namespace it was made in."""

    def __init__(self, netns, protocol):
        with netns:
            self.sock = socket.socket(socket.AF_NETLINK,
                                      socket.SOCK_RAW | socket.SOCK_CLOEXEC,
                                      protocol)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self.seq = 0
        self.hint = ""

    def close(self):
        """Bindings of the socket end with it."""
        self.sock.close()

    def messages(self):
        """Messages of one answer, as (type, body), to its end."""
        while True:
            data = self.sock.recv(1 << 18)
            while len(data) >= 16:
                length, kind = struct.unpack_from("=IH", data)
                yield kind, data[16:length]
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    return
                data = data[(length + 3) & ~3:]

    def extack(self, got):
        """The text; which attribute is wrong (its place) or missing goes to
        hint."""
        for kind, name in ((2, "at"), (5, "missing")):
            if kind in got:
                self.hint = f"{name}:{struct.unpack('=I', got[kind])[0]}"
        return got.get(1, b"").rstrip(b"\0").decode()

    def request(self, kind, flags, body):
        """Send; return errno, extack text and the bodies of the answer."""
        self.seq += 1
        self.sock.send(struct.pack("=IHHII", 16 + len(body), kind,
                                   NLM_F_REQUEST | flags, self.seq, 0) + body)
        bodies, err, text = [], 0, ""
        self.hint = ""
        for kind_got, data in self.messages():
            if kind_got == NLMSG_ERROR:
                err = -struct.unpack_from("=i", data)[0]
                text = self.extack(attrs(data[20:]))
            elif kind_got != NLMSG_DONE:
                bodies.append(data)
        return err, text, bodies


class Netdev(Netlink):
    """The family netdev of generic netlink."""

    families = {}

    def __init__(self, netns):
        super().__init__(netns, 16)
        if "netdev" not in self.families:
            _, _, got = self.request(GENL_ID_CTRL, NLM_F_ACK, struct.pack(
                "=BBH", 3, 1, 0) + attr(2, b"netdev\0"))
            self.families["netdev"] = struct.unpack(
                "=H", attrs(got[0][4:])[1][:2])[0]

    def call(self, cmd, payload, flags=NLM_F_ACK):
        """One command; errno's name, extack text, attributes of the answer."""
        err, text, got = self.request(self.families["netdev"], flags,
                                      struct.pack("=BBH", cmd, 1, 0) + payload)
        return errname(err), text, attrs(got[0][4:]) if got else {}

    def bind_tx(self, ifindex, fd):
        """errno's name, extack text, id; None leaves an attribute out."""
        payload = b"" if ifindex is None else attr(A_IFINDEX, ifindex)
        payload += b"" if fd is None else attr(A_FD, fd)
        err, text, got = self.call(BIND_TX, payload)
        return err, text, struct.unpack("=I", got[A_ID])[0] if A_ID in got else 0


class Links:
    """Counters of the devices of a namespace, by RTM_GETLINK."""

    def __init__(self, netns):
        self.nl = Netlink(netns, 0)

    def stats(self):
        """{name: the 64-bit counters}"""
        _, _, got = self.nl.request(RTM_GETLINK, NLM_F_DUMP,
                                    struct.pack("=BxHiII", 0, 0, 0, 0, 0))
        found = {}
        for body in got:
            one = attrs(body[16:])
            raw = one.get(IFLA_STATS64, b"")
            found[one[IFLA_IFNAME].rstrip(b"\0").decode()] = struct.unpack(
                f"={len(raw) // 8}Q", raw)
        return found

    def tx_dropped(self):
        """{name: tx_dropped}"""
        return {name: one[TX_DROPPED] for name, one in self.stats().items()}


def ethtool(name, data):
    """One SIOCETHTOOL; data is an array that the kernel may write to."""
    address, _ = data.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8946, struct.pack("=16sQ16x", name.encode(), address))


def nic_stats(name):
    """The lab NIC's own counters; see tests/nic."""
    names = ("netmem_frags", "netmem_bytes", "tso_packets", "tso_segments",
             "csum_packets", "bad_dma", "map_errors")
    data = array.array("Q", [0] * (1 + len(names)))
    data[0] = 0x1d | len(names) << 32
    ethtool(name, data)
    return dict(zip(names, data[1:]))


libc = ctypes.CDLL(None, use_errno=True)
