# SPDX-License-Identifier: GPL-2.0
"""Tables of docs/benchmarks.md and the plot, from what was counted."""
import re
import subprocess
import textwrap

BEGIN = "<!-- written by make bench, to the end mark -->"
END = "<!-- end of what make bench writes -->"

VARIANTS = (
    ("stock", "stock, no module"),
    ("idle", "netmem-tx loaded, no lease"),
    ("direct", "netmem-tx in use, direct call"),
    ("ipmodify", "netmem-tx in use, IPMODIFY"),
    ("livepatch", "a livepatch with the same test"),
    ("ftrace-regs", "an ftrace hook with all registers, the same test"),
)


def number(value):
    """As people read it."""
    if value is None:
        return "-"
    if value == int(value):
        return f"{int(value):,}"
    if value < 10:
        return f"{value:.3f}".rstrip("0").rstrip(".")
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def added(res, kernel, boot, variant, measure):
    try:
        return res.get(kernel, boot, f"{variant}.{measure}") - \
            res.get(kernel, boot, f"stock.{measure}")
    except KeyError:
        return None


def readable_table(res):
    columns = [(k, b) for k in res.kernels for b in ("default", "rethunk")]
    head = ["added instructions"] + [
        f"{k}, return thunks {'on' if b == 'rethunk' else 'off'}"
        for k, b in columns]
    rows = []
    for variant, text in VARIANTS[1:]:
        cells = [added(res, k, b, variant, "validate") for k, b in columns]
        rows.append([text] + ["-" if c is None else f"{c:+g}" for c in cells])
    rows.append(["(stock `validate_xmit_skb_list()`)"] + [
        number(res.rows.get(f"{k}.{b}.stock.validate")) for k, b in columns])
    return table(head, rows)


def rows_table(res, head, names, kernels):
    """One row for each of names: (text, row, unit-factor)."""
    rows = []
    for text, name in names:
        cells = [number(res.rows.get(f"{key}.{name}")) for key in kernels]
        if any(cell != "-" for cell in cells):
            rows.append([text] + cells)
    return table([head] + [key.split(".default")[0].split(".native")[0]
                           for key in kernels], rows)


def send_table(res, corrected):
    head = ["", "path"] + [f"{k}: ours, native {res.native}, ratio"
                           for k in res.kernels]
    rows = []
    for measure, text in (("packet", "a packet of 64 KiB"),
                          ("send", "sendmsg of 64 KiB")):
        for path in ("direct", "redirect", "forward"):
            row = [text, path]
            for kernel in res.kernels:
                row.append(send_cell(res, corrected, kernel, path, measure))
            rows.append(row)
    return table(head, rows)


def send_cell(res, corrected, kernel, path, measure):
    variant = "stock" if path == "direct" else "direct"
    native = "stock" if path == "direct" else "native"
    ours = res.rows.get(f"{kernel}.default.{variant}.{path}.{measure}")
    base = res.rows.get(f"{res.native}.native.{native}.{path}.{measure}")
    if ours is None or base is None:
        return "-"
    if path == "direct":
        return f"{number(ours)}, {number(base)}, the base"
    return (f"{number(ours)}, {number(base)}, "
            f"**{corrected(res, kernel, path, measure):.3f}**")


def checks_table(checks):
    rows = [[c["name"], number(c["value"]) if c["value"] is not None
             else c["why"], f"{c['limit']:g} {c['unit']}",
             "kept" if c["kept"] else "**missed**"]
            for c in checks.all if ".repeat." not in c["name"]]
    return table(["promise", "counted", "at most", ""], rows)


def repeat_line(checks):
    apart = [c["value"] for c in checks.all
             if ".repeat." in c["name"] and c["value"] is not None]
    if not apart:
        return "No second boot was counted."
    return (f"A second boot of each kernel counted {len(apart)} of the rows "
            f"again; the farthest apart differ by {max(apart):.2%}.")


def machine_lines(res):
    lines = []
    for key, infos in sorted(res.machine.items()):
        rest = "; ".join(f"{k}: {v}" for k, v in infos.items()
                         if k not in ("release", "cpu"))
        lines.append([key.rsplit(".", 1)[1], infos.get("release", "?"),
                      infos.get("cpu", "?"), rest or "none needed"])
    return table(["boot", "kernel", "CPU model", "mitigations in force"], lines)


OTHER_ROWS = (
    ("dev_queue_xmit() on dummy, readable, instructions", "stock.xmit"),
    ("pktgen with queue_xmit on dummy, stock, instructions", "stock.pktgen"),
    ("the same, hook attached as a direct call", "direct.pktgen"),
    ("sendmsg of 64 KiB of ordinary TCP through netkit, stock", "stock.tcp"),
    ("the same, module idle", "idle.tcp"),
    ("the same, hook attached as a direct call", "direct.tcp"),
    ("the same, IPMODIFY", "ipmodify.tcp"),
    ("bind-tx of one page on the NIC, stock", "stock.direct.bind"),
    ("bind-tx through netkit, ours", "direct.netkit.bind"),
    ("bind-tx through netkit, native", "native.netkit.bind"),
    ("bind-tx and close on the NIC, stock", "stock.direct.bind-close"),
    ("bind-tx and close through netkit, ours", "direct.netkit.bind-close"),
    ("bind-tx and close through netkit, native", "native.netkit.bind-close"),
    ("lease add, hook attached", "lease.add"),
    ("lease del", "lease.del"),
    ("load, ms", "idle.load"),
    ("unload, ms", "idle.unload"),
    ("attach, direct call, ms", "direct.attach"),
    ("attach, IPMODIFY, ms", "ipmodify.attach"),
    ("attach of an empty direct call, ms", "idle.empty.attach"),
    ("detach at unload, direct call, ms more", "direct.detach"),
    ("detach at unload, IPMODIFY, ms more", "ipmodify.detach"),
    ("detach of an empty direct call, ms", "idle.empty.detach"),
    ("memory of a binding beyond the kernel's, bytes", "binding.memory"),
    ("the kernel's own memory of it, bytes", "binding.memory.kernel"),
    ("memory of a lease, bytes", "lease.memory-1000"),
)


def scale_rows(kind):
    counts = (1, 10, 100, 1000, 10000)
    return [(f"{n:,} {kind}: {what}", f"{kind}-{n}.{row}")
            for what, row in (("sendmsg of 64 KiB", "send"),
                              ("a packet of 64 KiB", "packet"),
                              ("bind-tx", "bind"))
            for n in counts]


def generated(res, checks, corrected):
    keys = [f"{k}.default" for k in res.kernels]
    both = keys + [f"{res.native}.native"]
    return "\n\n".join((
        "### Machines", machine_lines(res),
        "### A readable packet, by `validate_xmit_skb()`", readable_table(res),
        "![plot](benchmarks.svg)",
        "### Device memory through netkit", send_table(res, corrected),
        "### All else", rows_table(res, "", OTHER_ROWS, both),
        "### Scale, instructions",
        rows_table(res, "", scale_rows("bindings") + scale_rows("leases"), keys),
        "### What is promised", checks_table(checks), repeat_line(checks)))


def plot(path, res):
    """Bars, by gnuplot: what a readable packet pays."""
    data = []
    for variant, text in VARIANTS[1:]:
        cells = [added(res, k, "default", variant, "validate")
                 for k in res.kernels]
        data.append('"' + "\\n".join(textwrap.wrap(text, 16)) + '" ' + " ".join(
            "NaN" if c is None else f"{c:g}" for c in cells))
    plots = ", ".join(
        f"$d using {i + 2}:xtic(1) title '{k}'" +
        f", $d using ($0{-0.2 + 0.4 * i:+g}):{i + 2}:(sprintf('%+g', ${i + 2}))"
        " with labels offset 0,0.6 notitle"
        for i, k in enumerate(res.kernels))
    script = "\n".join((
        "set terminal svg noenhanced size 900,430 font 'sans-serif,13' background 'white'",
        f"set output '{path}'", "$d << E", *data, "E",
        "set title 'Instructions added to a readable packet, per validate_xmit_skb()'",
        "set style data histograms", "set style histogram clustered gap 1.5",
        "set style fill solid 0.8 border -1", "set yrange [0:*]",
        "set offsets 0,0,12,0", "set grid ytics", "set key top left",
        "set xtics nomirror", "set bmargin 6", "set rmargin 2", f"plot {plots}", ""))
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def write(docs, res, checks, corrected):
    page = docs / "benchmarks.md"
    text = page.read_text()
    new = re.sub(re.escape(BEGIN) + ".*" + re.escape(END),
                 lambda _: f"{BEGIN}\n\n{generated(res, checks, corrected)}\n\n{END}",
                 text, flags=re.S)
    page.write_text(new)
    plot(docs / "benchmarks.svg", res)
