# SPDX-License-Identifier: GPL-2.0
"""dma-bufs, TCP senders of device memory and the sinks that receive it."""
import array
import ctypes
import fcntl
import hashlib
import mmap
import os
import random
import re
import select
import socket
import struct
import time

from nl import Netdev, errname, libc

SO_ZEROCOPY, MSG_ZEROCOPY, SCM_DEVMEM_DMABUF = 60, 0x4000000, 79
MSG_MORE, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_ERRQUEUE = 0x8000, 0x40, 0x4000, 0x2000
UDMABUF_CREATE = 0x40187542
F_ADD_SEALS, F_SEAL_SHRINK = 1033, 2
TCP_USER_TIMEOUT = 18
NICS = {"0000:00:04.0": "nicA", "0000:00:06.0": "nicC"}
SLOW = int(os.environ.get("NETMEM_TX_SLOW", "1"))
# Opened once: who has no rights any more can still read it.
BUFINFO = os.open("/sys/kernel/debug/dma_buf/bufinfo", os.O_RDONLY | os.O_CLOEXEC)


def wait_for(seconds, check, step=0.02):
    """Until check() is true; its last value."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = check()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def attached(inode):
    """The devices that a dma-buf is attached to; None when it is freed."""
    text = ""
    while more := os.pread(BUFINFO, 1 << 16, len(text)):
        text += more.decode()
    found = re.search(rf"\t0*{inode}\t.*\n(?:.*\n)*?\tAttached Devices:\n"
                      r"((?:\t\S+\n)*)Total", text)
    if not found:
        return None
    return [NICS.get(name, name) for name in found.group(1).split()]


class DmaBuf:
    """A dma-buf of a memfd with a pattern in it."""

    def __init__(self, size=65536, seed=1):
        self.size = size
        memfd = os.memfd_create("fidelity", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
        os.ftruncate(memfd, size)
        fcntl.fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK)
        self.data = mmap.mmap(memfd, size)
        self.data[:] = random.Random(seed).randbytes(size)
        with open("/dev/udmabuf", "rb") as dev:
            # An array: with bytes, ioctl() would return those.
            self.fd = fcntl.ioctl(dev, UDMABUF_CREATE, array.array(
                "B", struct.pack("=IIQQ", memfd, 1, 0, size)))
        os.close(memfd)
        self.inode = os.fstat(self.fd).st_ino

    def attached(self):
        """To which NICs."""
        return attached(self.inode)

    def address(self):
        """Where its bytes are in this process."""
        return ctypes.addressof(ctypes.c_char.from_buffer(self.data))

    def close(self):
        """Bindings hold it still."""
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


class Binding:
    """One bind-tx, with a netlink socket of its own unless one is given."""

    def __init__(self, netns, dev, buf, nl=None):
        self.nl = nl or Netdev(netns)
        self.buf = buf
        ifindex = dev if isinstance(dev, int) or dev is None else netns.ifindex(dev)
        self.err, self.text, self.id = self.nl.bind_tx(ifindex, buf.fd)

    def where(self):
        """The NICs, as text."""
        return "+".join(sorted(self.buf.attached() or [])) or "-"

    def end(self):
        """Close; "freed", or "kept" when something still holds it."""
        self.nl.close()
        return self.state(10)

    def state(self, seconds):
        """freed within so many seconds, or kept"""
        return "freed" if wait_for(seconds, lambda: not self.buf.attached()) else "kept"


class IoVec(ctypes.Structure):
    """struct iovec"""
    _fields_ = [("base", ctypes.c_uint64), ("len", ctypes.c_uint64)]


class MsgHdr(ctypes.Structure):
    """struct msghdr"""
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint32),
                ("iov", ctypes.POINTER(IoVec)), ("iovlen", ctypes.c_size_t),
                ("control", ctypes.c_char_p), ("controllen", ctypes.c_size_t),
                ("flags", ctypes.c_int)]


def devmem_cmsg(dmabuf_id):
    """The control message that names a binding."""
    return struct.pack("=QiiI4x", 20, socket.SOL_SOCKET, SCM_DEVMEM_DMABUF, dmabuf_id)


def sendmsg(sock, pieces, control, flags):
    """sendmsg() of (base, length) pieces; bytes or a negative errno."""
    vec = (IoVec * len(pieces))(*[IoVec(base, length) for base, length in pieces])
    msg = MsgHdr(iov=vec, iovlen=len(pieces), control=control,
                 controllen=len(control))
    got = libc.sendmsg(sock.fileno(), ctypes.byref(msg),
                       flags | MSG_DONTWAIT | MSG_NOSIGNAL)
    return got if got >= 0 else -ctypes.get_errno()


class Sink:
    """Receives one connection at a time."""

    def __init__(self, netns, addr, rcvbuf=0):
        family = socket.AF_INET6 if ":" in addr else socket.AF_INET
        with netns:
            self.listener = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        if rcvbuf:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.listener.bind((addr, 0))
        self.listener.listen()
        self.addr = self.listener.getsockname()[:2]
        self.conn = None
        self.got = bytearray()
        self.paused = False

    def read(self):
        """What has come by now."""
        if not self.conn:
            try:
                self.conn = self.listener.accept()[0]
                self.conn.setblocking(False)
            except BlockingIOError:
                return
        if self.paused:
            return
        try:
            while data := self.conn.recv(1 << 18):
                self.got += data
        except (BlockingIOError, ConnectionError):
            pass

    def fileno(self):
        """For poll()."""
        return (self.conn or self.listener).fileno()

    def compared(self, want):
        """What came, in words."""
        if not self.got:
            return "0"
        same = self.got == want[:len(self.got)]
        amount = str(len(self.got)) if len(self.got) == len(want) else "part"
        if len(self.got) > len(want):
            return "more"
        return f"{amount} {'equal' if same else 'differs'}"

    def close(self):
        """Both sockets."""
        if self.conn:
            self.conn.close()
        self.listener.close()


class Sender:
    """A TCP socket that sends device memory."""

    def __init__(self, netns, addr, zerocopy=True, options=()):
        family = socket.AF_INET6 if ":" in addr[0] else socket.AF_INET
        with netns:
            self.sock = socket.socket(family, socket.SOCK_STREAM)
        if zerocopy:
            self.sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
        for level, name, value in options:
            self.sock.setsockopt(level, name, value)
        self.sock.settimeout(10 * SLOW)
        self.sock.connect(addr)
        self.sock.setblocking(False)
        self.calls = self.completed = self.copied = 0

    def once(self, dmabuf_id, pieces, flags=MSG_ZEROCOPY, control=None):
        """One sendmsg(); bytes or a negative errno."""
        if control is None:
            control = devmem_cmsg(dmabuf_id)
        got = sendmsg(self.sock, pieces, control, flags)
        if got > 0 and flags & MSG_ZEROCOPY:
            self.calls += 1
        return got

    def completions(self):
        """Read the error queue; are all there?"""
        while True:
            try:
                _, control, _, _ = self.sock.recvmsg(
                    1, 512, MSG_ERRQUEUE | MSG_DONTWAIT)
            except OSError:
                return self.completed >= self.calls
            for _, _, data in control:
                _, origin, _, code, _, low, high = struct.unpack_from("=IBBBBII", data)
                if origin == 5:
                    self.completed += high - low + 1
                    self.copied += code & 1

    def info(self):
        """TCP_INFO: retransmissions and lost."""
        raw = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
        return {"retrans": struct.unpack_from("=I", raw, 100)[0]}

    def error(self):
        """The socket's error, as a name."""
        return errname(self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def close(self):
        """By a reset: nothing stays queued."""
        self.sock.close()


def split(offset, length, iov):
    """(base, length) pieces of at most iov bytes."""
    return [(at, min(iov, offset + length - at))
            for at in range(offset, offset + length, iov)]


def poll(sender, sink, seconds, want_out):
    """Wait for room to send, or for bytes."""
    poller = select.poll()
    poller.register(sink, select.POLLIN)
    if want_out:
        poller.register(sender.sock, select.POLLOUT)
    poller.poll(seconds * 1000)


def sha(data):
    """For messages."""
    return hashlib.sha256(data).hexdigest()
