#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Bind a dma-buf that is no whole number of pages; what came of it.

usage: odd.py DEV
"""
import socket
import sys

sys.path.insert(0, "/lab/fidelity/guest")
# pylint: disable=import-error,wrong-import-position
from craft import bad_dmabuf  # noqa: E402
from nl import Here, Netdev  # noqa: E402


def main():
    """See above."""
    netdev = Netdev(Here())
    err, text, _ = netdev.bind_tx(socket.if_nametoindex(sys.argv[1]), bad_dmabuf(6144))
    print(err, text)
    sys.exit(err != "EINVAL" or "multiple of PAGE_SIZE" not in text)


main()
