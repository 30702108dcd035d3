#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Send an unreadable packet with a VLAN tag beside it and no room before it.

usage: tagged.py NETNS DEV
"""
import sys

sys.path.insert(0, "/lab/fidelity/guest")
# pylint: disable=import-error,wrong-import-position
from craft import Packet, udp_header  # noqa: E402
from nl import Netns  # noqa: E402


def main():
    """See above."""
    header = udp_header(("02:00:00:00:00:01", "02:00:00:00:00:02"),
                        ("10.1.0.2", "10.1.0.1"), 9, 256)
    packet = Packet(Netns("/run/netns/" + sys.argv[1]), sys.argv[2], "n", header)
    packet.vlan, packet.headroom = 5, 0
    said, unreadable = packet.send()
    print(said, "unreadable" if unreadable else "readable")
    sys.exit(said != "success" or not unreadable)


main()
