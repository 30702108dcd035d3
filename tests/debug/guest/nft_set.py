#!/usr/bin/env python3
"""Add a rule that writes into packets and mends the checksum of their IPv4
header for it, wherever it writes. nft would not make it.

usage: nft_set.py TABLE CHAIN OFFSET     (table inet; from the header's start)
"""
import socket
import struct
import sys

import genl

NETLINK_NETFILTER, SUBSYS, BATCH_BEGIN, BATCH_END, NEWRULE = 12, 10, 16, 17, 6
INET, NESTED, NLM_F_CREATE = 1, 0x8000, 0x400
RULE_TABLE, RULE_CHAIN, RULE_EXPRESSIONS, LIST_ELEM = 1, 2, 4, 1
EXPR_NAME, EXPR_DATA, IMMEDIATE_DREG, IMMEDIATE_DATA, DATA_VALUE = 1, 2, 1, 2, 1
BASE, OFFSET, LEN, SREG, CSUM_TYPE, CSUM_OFFSET = 2, 3, 4, 5, 6, 7
NETWORK_HEADER, CSUM_INET, IPV4_CSUM, REGISTER = 1, 1, 10, 1


def number(kind, value):
    """An attribute as nf_tables has its numbers."""
    return genl.attr(kind, struct.pack("!I", value))


def text(kind, value):
    """A string."""
    return genl.attr(kind, value.encode() + b"\0")


def expression(name, data):
    """One expression of a rule."""
    return genl.attr(LIST_ELEM | NESTED,
                     text(EXPR_NAME, name) + genl.attr(EXPR_DATA | NESTED, data))


def message(kind, family, resource, payload, flags=0):
    """A netlink message."""
    return struct.pack("=IHHII", 20 + len(payload), kind,
                       genl.NLM_F_REQUEST | flags, 0, 0) + \
        struct.pack("!BBH", family, 0, resource) + payload


def main():
    """See above."""
    table, chain, offset = sys.argv[1], sys.argv[2], int(sys.argv[3])
    value = genl.attr(IMMEDIATE_DATA | NESTED, genl.attr(DATA_VALUE, b"lab!"))
    rule = expression("immediate", number(IMMEDIATE_DREG, REGISTER) + value) + \
        expression("payload", number(BASE, NETWORK_HEADER) + number(OFFSET, offset) +
                   number(LEN, 4) + number(SREG, REGISTER) +
                   number(CSUM_TYPE, CSUM_INET) + number(CSUM_OFFSET, IPV4_CSUM))
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    sock.send(message(BATCH_BEGIN, 0, SUBSYS, b"") +
              message(SUBSYS << 8 | NEWRULE, INET, 0,
                      text(RULE_TABLE, table) + text(RULE_CHAIN, chain) +
                      genl.attr(RULE_EXPRESSIONS | NESTED, rule),
                      NLM_F_CREATE | genl.NLM_F_ACK) +
              message(BATCH_END, 0, SUBSYS, b""))
    error = -struct.unpack_from("=i", sock.recv(65536), 16)[0]
    sys.exit(f"nf_tables: errno {error}" if error else 0)


main()
