#!/usr/bin/env python3
"""Take packets from a netfilter queue, whole and as they are, and let them go on.

usage: nfqueue.py QUEUE           until it is ended
Prints "ready", then a line for each packet: how many of its bytes came, and how
long it says to be (IPv4).
"""
import socket
import struct
import sys

import genl

NETLINK_NETFILTER, SUBSYS_QUEUE = 12, 3
MSG_PACKET, MSG_VERDICT, MSG_CONFIG = 0, 1, 2
CFG_CMD, CFG_PARAMS, CFG_MASK, CFG_FLAGS = 1, 2, 4, 5
CMD_BIND, COPY_PACKET, FLAG_GSO = 1, 2, 4
PACKET_HDR, VERDICT_HDR, PAYLOAD, ACCEPT = 1, 2, 10, 1
ROOM = 1 << 18


def send(sock, kind, queue, payload):
    """One request about a queue."""
    sock.send(struct.pack("=IHHIIBB", 20 + len(payload), SUBSYS_QUEUE << 8 | kind,
                          genl.NLM_F_REQUEST, 0, 0, socket.AF_UNSPEC, 0) +
              struct.pack("!H", queue) + payload)


def accept(sock, queue, packet):
    """Tell of one packet, and let it go on."""
    number = struct.unpack_from("!I", packet[PACKET_HDR])[0]
    data = packet[PAYLOAD]
    print(len(data), struct.unpack_from("!H", data, 2)[0], flush=True)
    send(sock, MSG_VERDICT, queue,
         genl.attr(VERDICT_HDR, struct.pack("!II", ACCEPT, number)))


def main():
    """See above."""
    queue = int(sys.argv[1])
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    send(sock, MSG_CONFIG, queue,
         genl.attr(CFG_CMD, struct.pack("!BBH", CMD_BIND, 0, 0)))
    send(sock, MSG_CONFIG, queue,
         genl.attr(CFG_PARAMS, struct.pack("!IB", 0xffff, COPY_PACKET)) +
         genl.attr(CFG_FLAGS, struct.pack("!I", FLAG_GSO)) +
         genl.attr(CFG_MASK, struct.pack("!I", FLAG_GSO)))
    print("ready", flush=True)
    while True:
        data = sock.recv(ROOM)
        length, kind = struct.unpack_from("=IH", data)
        if kind == SUBSYS_QUEUE << 8 | MSG_PACKET:
            accept(sock, queue, genl.attrs(data[20:length]))


main()
