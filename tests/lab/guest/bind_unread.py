#!/usr/bin/env python3
"""bind-tx on a device, again and again, by a socket whose answers nobody reads.

usage: bind_unread.py DEVICE      until one says that its answer had no room
Prints "bound N", which counts that one too, and ends at the first byte on stdin.
"""
import fcntl
import os
import socket
import struct
import sys

import genl

NETDEV_CMD_BIND_TX = 15
NETDEV_A_DMABUF_IFINDEX, NETDEV_A_DMABUF_FD = 1, 3
UDMABUF_CREATE = 0x40187542
F_ADD_SEALS, F_SEAL_SHRINK = 1033, 2
SIZE = 4096


def dmabuf():
    """A dma-buf of udmabuf."""
    memory = os.memfd_create("bind_unread", os.MFD_ALLOW_SEALING)
    os.ftruncate(memory, SIZE)
    fcntl.fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK)
    with open("/dev/udmabuf", "rb") as device:
        # A buffer that can change: then ioctl() gives what the call returned.
        return fcntl.ioctl(device, UDMABUF_CREATE, bytearray(
            struct.pack("=IIQQ", memory, 0, 0, SIZE)), True)


def main():
    """See above."""
    sock = genl.open_socket()
    family = genl.family_id(sock, "netdev")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    payload = (genl.attr(NETDEV_A_DMABUF_IFINDEX, genl.value(
        str(socket.if_nametoindex(sys.argv[1])))) +
        genl.attr(NETDEV_A_DMABUF_FD, genl.value(str(dmabuf()))))
    for count in range(1, 100):
        # Without NLM_F_ACK an error that is not sent either is lost: so ask
        # the socket, which notes that something had no room.
        genl.send(sock, family, NETDEV_CMD_BIND_TX, payload)
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            break
    else:
        sys.exit("every answer had room")
    print("bound", count, flush=True)
    sys.stdin.read(1)


main()
