#!/usr/bin/env python3
"""One raw request to a generic netlink family, for what no tool would send.

usage: genl.py FAMILY COMMAND [ATTRIBUTE=VALUE...]     (all numbers; u32)
       VALUE netns:PATH opens the file and sends its descriptor.
       VALUE hex:BYTES sends these bytes.
Prints "errno=NAME text=..." or "ok"; exit 0 when it was answered.
"""
import errno
import os
import socket
import struct
import sys

NLM_F_REQUEST, NLM_F_ACK = 1, 4
NLMSG_ERROR, NLMSG_DONE = 2, 3
GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
SOL_NETLINK, NETLINK_EXT_ACK, NETLINK_CAP_ACK = 270, 11, 10
NLMSGERR_ATTR_MSG = 1


def attr(kind, data):
    """One attribute, padded."""
    return struct.pack("=HH", len(data) + 4, kind) + data + b"\0" * (-len(data) % 4)


def attrs(data):
    """Attributes as a dict."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


def open_socket():
    """A socket for generic netlink, with texts of errors."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
    sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
    return sock


def send(sock, family, command, payload, flags=NLM_F_REQUEST):
    """Send a request."""
    sock.send(struct.pack("=IHHIIBBH", 20 + len(payload), family, flags, 1, 0,
                          command, 1, 0) + payload)


def call(sock, family, command, payload):
    """Send; return errno, its text and the attributes of the reply."""
    send(sock, family, command, payload, NLM_F_REQUEST | NLM_F_ACK)
    reply = {}
    while True:
        data = sock.recv(65536)
        while data:
            length, kind = struct.unpack_from("=IH", data)
            if kind == NLMSG_ERROR:
                err = -struct.unpack_from("=i", data, 16)[0]
                text = attrs(data[36:length]).get(NLMSGERR_ATTR_MSG, b"")
                return err, text.rstrip(b"\0").decode(), reply
            reply = attrs(data[20:length])
            data = data[(length + 3) & ~3:]


def value(text):
    """The bytes of an attribute."""
    if text.startswith("hex:"):
        return bytes.fromhex(text[4:])
    if text.startswith("netns:"):
        return struct.pack("=I", os.open(text[6:], os.O_RDONLY))
    return struct.pack("=I", int(text))


def family_id(sock, name):
    """The number of a family."""
    err, _, reply = call(sock, GENL_ID_CTRL, CTRL_CMD_GETFAMILY,
                         attr(CTRL_ATTR_FAMILY_NAME, name.encode() + b"\0"))
    if err:
        sys.exit(f"no family {name}")
    return struct.unpack("=H", reply[CTRL_ATTR_FAMILY_ID][:2])[0]


def main():
    """See above."""
    sock = open_socket()
    family = family_id(sock, sys.argv[1])
    payload = b"".join(attr(int(kind), value(text)) for kind, text in
                       (word.split("=", 1) for word in sys.argv[3:]))
    err, text, _ = call(sock, family, int(sys.argv[2]), payload)
    print(f"errno={errno.errorcode.get(err, err)} text={text}" if err else "ok")


if __name__ == "__main__":
    main()
