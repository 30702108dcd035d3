# SPDX-License-Identifier: GPL-2.0
"""What lies between the container and the wire."""
import re

import bpf
from buf import Binding, DmaBuf, wait_for
from crafted import crafted, mac
from flow import Flow, transfer
from suite import add, scenario
from world import OTHER, REMOTE, REMOTE6, ip, run

BIG = 300       # bytes; handshakes and acknowledgments are smaller


def forward(world):
    """By the host's IP stack, not by BPF."""
    run("nk_redirect", "del")
    world.later(run, "nk_redirect", "add", "nk_host", "nicA", "10.1.0.2", "fd01::2")


@scenario()
def path_redirect(world, verdict):
    """bpf_redirect_neigh() by a netkit program."""
    transfer(world, verdict, size=262144)


@scenario()
def path_redirect_ipv6(world, verdict):
    """The same by IPv6."""
    transfer(world, verdict, size=258048, to=REMOTE6)


@scenario()
def path_forward(world, verdict):
    """IP forwarding."""
    forward(world)
    transfer(world, verdict, size=262144, limit=3)
    verdict.add("seen", "forwarded")


@scenario()
def path_forward_ipv6(world, verdict):
    """IPv6 forwarding."""
    forward(world)
    transfer(world, verdict, size=262144, limit=3, to=REMOTE6)
    verdict.add("seen", "forwarded6")


@scenario()
def path_tcx_redirect(world, verdict):
    """By a tcx program on the host's end."""
    forward(world)
    world.program("nk_host", bpf.TCX_INGRESS,
                  bpf.redirect(world.init.ifindex("nicA")))
    transfer(world, verdict, size=131072, limit=3)
    verdict.add("seen", "tcx")


@scenario()
def path_tcx_guest_egress(world, verdict):
    """A program in the container that only looks on."""
    world.program("nk_guest", bpf.TCX_EGRESS, bpf.answer(bpf.NEXT), netns=world.guest)
    transfer(world, verdict, size=135168)
    verdict.add("seen", "tcx-egress-next")


@scenario()
def path_tcx_guest_egress_drop(world, verdict):
    """A program in the container that drops."""
    world.program("nk_guest", bpf.TCX_EGRESS, bpf.answer(bpf.DROP), BIG, world.guest)
    transfer(world, verdict, limit=2)
    verdict.add("seen", "tcx-egress-drop")


@scenario()
def path_clsact_redirect(world, verdict):
    """clsact on the host's end, by act_mirred."""
    forward(world)
    address = far_mac(world)
    run("tc", "qdisc", "add", "dev", "nk_host", "clsact")
    world.later(run, "tc", "qdisc", "del", "dev", "nk_host", "clsact")
    run("tc", "filter", "add", "dev", "nk_host", "ingress", "protocol", "ip", "matchall",
        "action", "skbmod", "set", "dmac", address, "pipe",
        "action", "mirred", "egress", "redirect", "dev", "nicA")
    transfer(world, verdict, size=139264, limit=3)
    verdict.add("seen", "clsact")


@scenario()
def path_clsact_mirror(world, verdict):
    """A copy of each packet to another device: that one cannot take it."""
    world.veth()
    run("tc", "qdisc", "add", "dev", "nicA", "clsact")
    world.later(run, "tc", "qdisc", "del", "dev", "nicA", "clsact")
    run("tc", "filter", "add", "dev", "nicA", "egress", "protocol", "ip", "matchall",
        "action", "mirred", "egress", "mirror", "dev", "fx0")
    transfer(world, verdict, size=8192)
    verdict.add("seen", "mirrored")


def far_mac(world):
    """Of nicR."""
    raw = mac(world.remote, "nicR")
    return ":".join(raw[i:i + 2] for i in range(0, 12, 2))


NETKIT = {
    "peer-next": (bpf.NETKIT_PEER, bpf.answer(bpf.NEXT), 0),
    "peer-drop": (bpf.NETKIT_PEER, bpf.answer(bpf.DROP), BIG),
    "peer-drop-all-but-big": (bpf.NETKIT_PEER, bpf.answer(bpf.DROP), 2000),
    "primary-next": (bpf.NETKIT_PRIMARY, bpf.answer(bpf.NEXT), 0),
    "primary-drop-big": (bpf.NETKIT_PRIMARY, bpf.answer(bpf.DROP), BIG),
}


def netkit_program(world, verdict, kind, code, least):
    """A program more on the netkit."""
    world.program("nk_host", kind, code, least)
    transfer(world, verdict, size=16384, limit=4)
    verdict.add("seen", f"kind:{kind}", f"least:{least}")


for _name, _what in NETKIT.items():
    add(f"path-netkit-{_name}", netkit_program, *_what)


@scenario()
def path_netkit_peer_pass(world, verdict):
    """PASS ends the list of programs: the host's stack gets it."""
    world.program("nk_host", bpf.NETKIT_PEER, bpf.answer(bpf.PASS))
    transfer(world, verdict, size=24576, limit=3)
    verdict.add("seen", "passed")


def to_primary(world, verdict, name, code):
    """Unreadable packets of the host for the container."""
    if code:
        world.program("nk_host", bpf.NETKIT_PRIMARY, code)
    crafted(world, verdict, world.init, "nk_host", "n")
    verdict.add("seen", name)


add("path-primary-unreadable", to_primary, "primary", b"")
add("path-primary-unreadable-drop", to_primary, "primary-drop", bpf.answer(bpf.DROP))


@scenario()
def path_primary_unreadable_redirect(world, verdict):
    """A program at the primary end turns them back; numbers of devices are
    those of the container there."""
    world.program("nk_host", bpf.NETKIT_PRIMARY, bpf.redirect(
        world.guest.ifindex("nk_guest"), bpf.CALL_REDIRECT))
    crafted(world, verdict, world.init, "nk_host", "n")
    verdict.add("seen", "primary-redirect")


@scenario()
def path_redirect_plain(world, verdict):
    """bpf_redirect(): the frame as it is, with the NIC's address wrong."""
    address = far_mac(world)
    ip(f"neigh replace 10.1.0.1 lladdr {address} dev nk_guest", netns="guest")
    world.later(lambda: ip("neigh del 10.1.0.1 dev nk_guest", netns="guest"))
    world.redirect("nk_host", "nicA", bpf.CALL_REDIRECT)
    transfer(world, verdict, size=143360, limit=4)
    verdict.add("seen", "redirect")


@scenario()
def path_redirect_peer(world, verdict):
    """bpf_redirect_peer() into another container, which cannot read it."""
    cont = world.container(lease=None, via=None)
    forward(world)
    ip(f"route replace 10.1.0.0/24 via {cont.addr[:-1]}1", netns=cont.name)
    world.program("nk_host", bpf.TCX_INGRESS, bpf.redirect(
        world.init.ifindex(cont.host), bpf.CALL_PEER), BIG)
    transfer(world, verdict, to=cont.addr, dst=cont.netns, limit=3)
    verdict.add("seen", "peer")


@scenario()
def path_to_container(world, verdict):
    """Forwarded to another container: local delivery cannot read it."""
    cont = world.container(lease=None, via=None)
    forward(world)
    transfer(world, verdict, to=cont.addr, dst=cont.netns, size=8192, limit=3)
    verdict.add("seen", "container")


@scenario()
def path_to_host(world, verdict):
    """To the host itself."""
    transfer(world, verdict, to="10.1.0.1", dst=world.init, size=12288, limit=3)
    verdict.add("seen", "host")


@scenario()
def path_wrong_nic(world, verdict):
    """Redirected to a NIC where it is not bound."""
    world.redirect("nk_host", "nicC", bpf.CALL_REDIRECT, BIG)
    transfer(world, verdict, size=8192, limit=4)
    verdict.add("seen", "nicC")


@scenario()
def path_forward_wrong_nic(world, verdict):
    """Forwarded there."""
    forward(world)
    transfer(world, verdict, to=OTHER, dst=world.other, size=12288, limit=4)
    verdict.add("seen", "other")


@scenario()
def path_wrong_nic_then_right(world, verdict):
    """First to the wrong NIC; the retransmission goes to the right one."""
    buf = DmaBuf(8192)
    binding = Binding(world.guest, "nk_guest", buf)
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    prog = world.redirect("nk_host", "nicC", bpf.CALL_REDIRECT, BIG)
    flow.step()
    wait_for(5, lambda: world.rose(flow.before))
    prog.close()
    flow.run(10, settle=5).tell()
    verdict.add("seen", "retransmitted" if flow.sender.info()["retrans"] else "at-once")
    flow.close()
    verdict.add("binding", binding.end())


@scenario()
def path_retransmission(world, verdict):
    """Lost at the NIC's egress; what is sent again is a clone."""
    buf = DmaBuf(65536)
    binding = Binding(world.guest, "nk_guest", buf)
    verdict.bound(binding)
    flow = Flow(world, verdict, binding)
    prog = world.program("nicA", bpf.TCX_EGRESS, bpf.answer(bpf.DROP), BIG)
    flow.step()
    wait_for(5, lambda: flow.sender.info()["retrans"])
    prog.close()
    flow.run(10, settle=5).tell()
    verdict.add("seen", "retransmitted" if flow.sender.info()["retrans"] else "at-once")
    flow.close()
    verdict.add("binding", binding.end())


def small_gso(world, verdict, netns, dev, what, size, to):
    """GSO packets larger than a device takes."""
    netns = world.spaces[netns]
    with netns:
        run("ip", "link", "set", dev, *what.split())
    transfer(world, verdict, size=size, to=to)
    with netns:
        run("ip", "link", "set", dev, "gso_max_size", "65536", "gso_max_segs", "65535")
        run("ip", "link", "set", dev, "gso_ipv4_max_size", "65536")
    verdict.add("seen", dev, what.replace(" ", ":"))


add("path-gso-nic-8000", small_gso, "init", "nicA", "gso_ipv4_max_size 8000", 196608, REMOTE)
add("path-gso-nic-8000-ipv6", small_gso, "init", "nicA", "gso_max_size 8000", 192512, REMOTE6)
add("path-gso-nic-2-segments", small_gso, "init", "nicA", "gso_max_segs 2", 188416, REMOTE)
add("path-gso-guest-4000", small_gso, "guest", "nk_guest", "gso_ipv4_max_size 4000", 184320, REMOTE)
add("path-big-tcp", small_gso, "guest", "nk_guest", "gso_max_size 180000", 524288, REMOTE6)

STACKED = {
    "vlan": (("link add link fx0 name fxt type vlan id 9",),
             ("link add link fx1 name fxr type vlan id 9",)),
    "macvlan": (("link add link fx0 name fxt type macvlan mode bridge",), ()),
    "bridge": (("link add fxt type bridge", "link set fx0 master fxt"), ()),
    "bond": (("link add fxt type bond mode active-backup", "link set fx0 down",
              "link set fx0 master fxt"), ()),
    "ipip": (("addr add 10.9.1.1/24 dev fx0",
              "link add fxt type ipip local 10.9.1.1 remote 10.9.1.2"),
             ("addr add 10.9.1.2/24 dev fx1",
              "link add fxr type ipip local 10.9.1.2 remote 10.9.1.1")),
}


def stacked(world, verdict, kind):
    """A device of mode NONE on the way: it drops."""
    world.veth("10.9.2")
    here, there = STACKED[kind]
    world.ip(*here, "addr add 10.9.0.1/24 dev fxt", "link set fx0 up", "link set fxt up",
             undo=("link del fxt",))
    far = "fxr" if there else "fx1"
    world.later(lambda: there and ip("link del fxr", netns="remote"))
    ip(*there, f"addr add 10.9.0.2/24 dev {far}", f"link set {far} up", netns="remote")
    world.redirect("nk_host", "fxt")
    transfer(world, verdict, to="10.9.0.2", limit=4)
    verdict.add("seen", kind)


for _kind in STACKED:
    add(f"path-{_kind}", stacked, _kind)


@scenario()
def path_veth(world, verdict):
    """A veth on the way."""
    world.veth()
    ip("addr add 10.9.0.1/24 dev fx0")
    world.redirect("nk_host", "fx0")
    transfer(world, verdict, to="10.9.0.2", limit=4)


@scenario()
def path_vlan_on_nic(world, verdict):
    """A VLAN device on nicA itself."""
    world.ip("link add link nicR name fxr type vlan id 9", "addr add 10.9.0.2/24 dev fxr",
             "link set fxr up", netns="remote", undo=("link del fxr",))
    world.ip("link add link nicA name fxv type vlan id 9", "addr add 10.9.0.1/24 dev fxv",
             "link set fxv up", undo=("link del fxv",))
    world.redirect("nk_host", "fxv")
    transfer(world, verdict, to="10.9.0.2", limit=4)
    verdict.add("seen", "nicA.9")


@scenario()
def path_vlan_pushed(world, verdict):
    """A tag pushed by BPF on the way to nicA: the packet is as good."""
    world.ip("link add link nicR name fxr type vlan id 9", "addr add 10.2.9.2/24 dev fxr",
             "link set fxr up", netns="remote", undo=("link del fxr",))
    world.ip("route add 10.2.9.2 via 10.2.0.2 dev nicA", undo=("route del 10.2.9.2",))
    world.program("nicA", bpf.TCX_EGRESS, bpf.vlan(9, bpf.answer(bpf.NEXT)), BIG)
    transfer(world, verdict, size=90112, limit=4)
    verdict.add("seen", "pushed")


@scenario()
def path_bridged_netkit(world, verdict):
    """The netkit's host end is a port of a bridge, the NIC another."""
    cont = world.container(lease="nicC", via=None)
    world.later(lambda: run(
        "bash", "-c", ". /lab/guest/lib.sh; far_end_up nicC nicS other 3"))
    world.ip("link add fxb type bridge", "link set fxb up", f"link set {cont.host} master fxb",
             "link set nicC master fxb", undo=("link set nicC nomaster", "link del fxb"))
    ip("addr add 10.3.0.77/24 dev " + cont.dev, netns=cont.name)
    transfer(world, verdict, cont.netns, cont.dev, to=OTHER, dst=world.other, size=40960,
             limit=5)
    verdict.add("seen", "bridged")


NFT = {
    "guest-egress-accept": ("guest", "netdev", "egress device nk_guest", "accept"),
    "guest-egress-drop": ("guest", "netdev", "egress device nk_guest", "drop"),
    "nic-egress-accept": ("init", "netdev", "egress device nicA", "accept"),
    "nic-egress-drop": ("init", "netdev", "egress device nicA", "drop"),
    "guest-output-drop": ("guest", "inet", "output", "drop"),
}


def nft(world, verdict, where, family, hook, answer):
    """A rule of nftables that counts what is large, and lets it pass or not."""
    netns = world.spaces[where]

    def call(text):
        with netns:
            return run("nft", "-f", "-", stdin=text)
    call(f"table {family} fx {{\nchain c {{\ntype filter hook {hook} priority 0;\n"
         f"meta length > {BIG} counter {answer}\n}}\n}}\n")
    world.later(call, f"delete table {family} fx\n")
    transfer(world, verdict, size=45056, limit=2)
    count = re.search(r"packets (\d+)", call("list ruleset\n"))
    verdict.add("seen", "nft:" + hook.replace(" ", "-"), answer,
                "counted" if count and int(count.group(1)) else "not-counted")


for _name, _what in NFT.items():
    add(f"path-nft-{_name}", nft, *_what)


@scenario()
def path_nft_forward_drop(world, verdict):
    """The host's forwarding drops."""
    forward(world)
    run("nft", "-f", "-", stdin="table inet fx {\nchain c {\ntype filter hook forward "
        f"priority 0;\nmeta length > {BIG} counter drop\n}}\n}}\n")
    world.later(run, "nft", "delete", "table", "inet", "fx")
    transfer(world, verdict, size=49152, limit=2)
    verdict.add("seen", "nft-forward")


def listener(world, verdict, where, dev):
    """A packet socket that reads all there is."""
    import socket  # pylint: disable=import-outside-toplevel
    with world.spaces[where]:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x0300)
    sock.bind((dev, 3))
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
    transfer(world, verdict, size=53248)
    large, failed = 0, set()
    while True:
        try:
            large += len(sock.recv(1 << 17)) > BIG
        except BlockingIOError:
            break
        except OSError as err:
            failed.add(err.strerror.replace(" ", "-"))
    verdict.add("seen", dev, "read:large" if large else "read:none-large", *sorted(failed))


for _where, _dev in (("guest", "nk_guest"), ("init", "nk_host"), ("init", "nicA")):
    add(f"path-packet-socket-{_dev.replace('_', '-')}", listener, _where, _dev)
