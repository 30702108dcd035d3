# SPDX-License-Identifier: GPL-2.0
"""Small BPF programs, put together here: nothing has to be compiled."""
import ctypes
import os
import struct

from nl import libc

NEXT, PASS, DROP = -1, 0, 2
TCX_INGRESS, TCX_EGRESS = 46, 47
NETKIT_PRIMARY, NETKIT_PEER = 54, 55
BEFORE = 1 << 3
SCHED_CLS = 3
CALL_VLAN_PUSH, CALL_REDIRECT, CALL_NEIGH, CALL_PEER = 18, 23, 152, 155
IPV4 = 0x0008           # ETH_P_IP as the program sees it


def insn(code, dst=0, src=0, off=0, imm=0):
    """One instruction."""
    return struct.pack("=BBhi", code, dst | src << 4, off, imm)


def mov(reg, imm):
    """reg = imm"""
    return insn(0xb7, reg, imm=imm)


EXIT = insn(0x95)


def only_big(rest, least):
    """NEXT for what is not IPv4 or shorter than least; else rest."""
    skip = [mov(0, NEXT), EXIT]
    return (insn(0xbf, 6, 1) +                          # r6 = skb
            insn(0x61, 2, 1, 16) +                      # r2 = skb->protocol
            insn(0x15, 2, off=2, imm=IPV4) + b"".join(skip) +
            insn(0x61, 2, 6, 0) +                       # r2 = skb->len
            insn(0x35, 2, off=2, imm=least) + b"".join(skip) +
            rest)


def answer(code):
    """Always the same verdict."""
    return mov(0, code) + EXIT


def redirect(ifindex, call=CALL_NEIGH):
    """To another device."""
    return (mov(1, ifindex) + mov(2, 0) + mov(3, 0) + mov(4, 0) +
            insn(0x85, imm=call) + EXIT)


def vlan(tag, then):
    """Push a tag, then answer."""
    return (insn(0xbf, 1, 6) + mov(2, 0x0081) + mov(3, tag) +
            insn(0x85, imm=CALL_VLAN_PUSH) + then)


def bpf(cmd, raw):
    """The system call."""
    buf = ctypes.create_string_buffer(raw, max(len(raw), 128))
    got = libc.syscall(321, cmd, buf, len(raw))
    if got < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return got


def load(code, kind):
    """A file descriptor of the program."""
    text = ctypes.create_string_buffer(code)
    gpl = ctypes.create_string_buffer(b"GPL")
    return bpf(5, struct.pack("=IIQQIIQII16sII", SCHED_CLS, len(code) // 8,
                              ctypes.addressof(text), ctypes.addressof(gpl),
                              0, 0, 0, 0, 0, b"fid", 0, kind))


class Program:
    """Attached first on a device of this namespace until it is closed."""

    def __init__(self, ifindex, kind, code, least=0):
        prog = load(only_big(code, least), kind)
        self.link = bpf(28, struct.pack("=IIIIIIQ", prog, ifindex, kind, BEFORE,
                                        0, 0, 0))
        os.close(prog)

    def close(self):
        """Away from the device."""
        if self.link >= 0:
            os.close(self.link)
        self.link = -1
