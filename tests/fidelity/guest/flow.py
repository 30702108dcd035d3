# SPDX-License-Identifier: GPL-2.0
"""A transfer of device memory, and what came of it."""
from buf import (MSG_ZEROCOPY, SLOW, Binding, DmaBuf, Sender, Sink, poll, split,
                 wait_for)
from nl import errname
from world import REMOTE, now

EAGAIN, ENOBUFS = 11, 105


class Verdict:
    """The columns of a scenario; what is not said is "-"."""

    NAMES = ("bind", "send", "delivered", "dropped", "binding", "seen")

    def __init__(self):
        self.columns = {name: [] for name in self.NAMES}

    def add(self, column, *words):
        """More words for a column."""
        self.columns[column] += [str(word) for word in words]

    def bound(self, binding):
        """What a bind-tx said."""
        said = binding.err + (f' "{binding.text}"' if binding.text else "")
        self.add("bind", said)
        if binding.err == "ok":
            self.add("binding", binding.where())
        return binding.err == "ok"

    def line(self):
        """Texts of the columns, in order."""
        return [" ".join(words) or "-" for words in self.columns.values()]


class Flow:
    """One TCP connection that sends parts of a dma-buf."""

    def __init__(self, world, verdict, binding, **plan):
        self.world, self.verdict, self.binding = world, verdict, binding
        self.plan = {"src": world.guest, "to": REMOTE, "dst": world.remote,
                     "offset": 0, "chunk": 65536, "iov": 65536, "rcvbuf": 0,
                     "flags": MSG_ZEROCOPY, "so_zerocopy": True, "options": (),
                     "id": binding.id if binding else 0, "count": 1}
        self.plan.update(plan)
        buf = plan.get("buf") or binding.buf
        self.plan.setdefault("length", buf.size - self.plan["offset"])
        start = self.plan["offset"]
        data = bytes(buf.data[start:start + self.plan["length"]])
        self.want = data.ljust(self.plan["length"], b"\0") * self.plan["count"]
        self.sink = plan.get("sink") or Sink(self.plan["dst"], self.plan["to"],
                                             self.plan["rcvbuf"])
        self.sender = Sender(self.plan["src"], self.sink.addr,
                             self.plan["so_zerocopy"], self.plan["options"])
        wait_for(10, lambda: self.sink.read() or self.sink.conn)
        self.sent = 0
        self.err = 0
        self.begin()

    def begin(self):
        """Counters from here on."""
        self.before = self.world.dropped()
        self.nics = self.world.nic_bytes()

    def first(self, calls=1):
        """So many sendmsg() calls, and until their bytes have come."""
        goal = self.plan["chunk"] * calls
        self.step(goal)
        if not wait_for(10, lambda: self.sink.read() or len(self.sink.got) >= goal):
            self.verdict.add("seen", "nothing-at-first")

    def step(self, upto=1 << 60):
        """Send what there is room for, up to the end or an error."""
        length = self.plan["length"]
        while self.sent < min(len(self.want), upto) and not self.err:
            at = self.sent % length
            part = min(self.plan["chunk"], length - at)
            got = self.sender.once(
                self.plan["id"], split(self.plan["offset"] + at, part, self.plan["iov"])[:1024],
                self.plan["flags"], self.plan.get("control"))
            if got in (-EAGAIN, -ENOBUFS):
                return
            if got < 0:
                self.err = -got
            else:
                self.sent += got

    def run(self, limit=10, settle=0.3, upto=None):
        """Until all is there, sendmsg() fails, or packets are dropped and for
        a while nothing comes. upto: only so many bytes have to be there."""
        goal = len(self.want) if upto is None else upto
        end, quiet, rose, last = now() + limit * SLOW, None, [], -1
        while now() < end:
            self.step()
            self.sender.completions()
            self.sink.read()
            if len(self.sink.got) >= goal or (self.err and self.sent == 0):
                break
            if len(self.sink.got) != last:
                last, quiet = len(self.sink.got), None
            rose = rose or self.world.rose(self.before)
            if rose or self.err:
                quiet = quiet or now() + settle * SLOW
                if now() > quiet:
                    break
            poll(self.sender, self.sink, 0.02, self.sent < len(self.want) and not self.err)
        return self

    def tell(self):
        """What came of it goes into the verdict."""
        verdict = self.verdict
        verdict.add("send", errname(self.err))
        verdict.add("delivered", self.sink.compared(self.want))
        verdict.add("dropped", *(self.world.rose(self.before) or ["none"]))
        used = [nic for nic, count in self.world.nic_bytes().items()
                if count > self.nics.get(nic, 0)]
        if used:
            verdict.add("seen", "dma:" + "+".join(used))
        if self.sender.calls and len(self.sink.got) == len(self.want):
            done = wait_for(5, self.sender.completions)
            verdict.add("seen", "completed" if done and not self.sender.copied else
                        "copied" if done else "incomplete")
        return self

    def close(self):
        """Both ends."""
        self.sender.close()
        self.sink.close()


def transfer(world, verdict, netns=None, dev="nk_guest", size=65536, limit=10, **plan):
    """Bind on dev, send all, close; the usual scenario."""
    netns = netns or world.guest
    buf = plan.setdefault("buf", DmaBuf(size))
    binding = Binding(netns, dev, buf)
    if verdict.bound(binding):
        flow = Flow(world, verdict, binding, **{"src": netns, **plan})
        flow.run(limit).tell().close()
        verdict.add("binding", binding.end())
    else:
        binding.nl.close()
    buf.close()
