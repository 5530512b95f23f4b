"""A generator left on for 100 bench seconds: ``python -m benchmarks.driven [--quick]``.

Each shape at each frequency drives each load of a simulated bench with a generator, a scope and a source meter:
resistors, an RC, and an NbO2 device below its threshold. In process and served with ``--fast`` the generator is
switched on, 100 bench seconds pass in waits and in readings of 2 s, a scope is armed in vain, then armed and read, and
all is switched off. The longest answer to any message must be below 2 s of wall time (in process: of the processor's,
which is the same on an idle machine), and the most steps taken for one are told; averages over a short stretch
must be those of computing every period. One frequency of each shape is also served at the pace of the wall clock, all
four at once; there the 2 s of a reading are those that it waits for by its own meaning.

Every reply is checked. The instruments have no errors of their own here, so a current through linear parts must be
that of the averaged circuit within the reading's accuracy; through the NbO2 device it must be finite and below the
limit. The scope must trigger, and see both levels; outputs must be what they were told; no instrument may have an error
queued.
"""

import argparse
import itertools
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyvisa

from benchmarks.report import Line, report
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import (
    Gap,
    PiecewiseLinear,
    PulseWaveform,
    Repetition,
    Segment,
    Sine,
    SourceWaveform,
)
from tsbench.simulated_backends.witness.log import read_witness

LONGEST, AGREEMENT = 2.0, 1e-6
LONG = 100.0  #: [s] of the bench
READING = 2.0  #: [s] ten averages over ten power-line cycles
ACCURACY = 0.25e-3, 0.7e-9  #: of a current reading in the range of 10 uA: of it, and [A] (data sheet SPEC-2450)
LIMIT = 105e-6  #: [A] of the source meter as it is after a reset
MEANS = {"SIN": 0.3, "SQU": 0.3, "PULS": 0.12, "ARB": 0.3}  #: [V] of the generator from 0 to 0.6 V, pulses of 20 %
FEWEST_SAMPLES, LEAST_SWING = 1000, 30  #: of a record of the scope [codes of 256]
LOADS = {
    "resistors": "R1 gen1 0 10k\nRm smu 0 10k\nRs smu gen1 100k",
    "RC": "R1 gen1 mid 1k\nC1 mid 0 1n\nRm smu 0 10k\nRs smu mid 100k",
    "NbO2": "R1 gen1 mid 5k\nXDUT mid 0 device\nRm smu 0 10k\nRs smu gen1 100k",
}
MEASURED = {"resistors": "gen1", "RC": "mid", "NbO2": "mid"}
SHAPES = ("SIN", "SQU", "PULS", "ARB")
FREQUENCIES = (1e3, 1e4, 1e5, 1e6, 1e7)
OF_PACE = {"SIN": 1e6, "SQU": 1e7, "PULS": 1e3, "ARB": 1e5}
ADDRESSES = {
    "generator": "USB0::0x2A8D::0x5A01::SIM1::INSTR", "scope": "USB0::0x2A8D::0x1764::SIM2::INSTR",
    "meter": "USB0::0x05E6::0x2450::SIM3::INSTR"}
MODELS = {"generator": "keysight_33622a", "scope": "keysight_dsox3054t", "meter": "keithley_2450"}


def world_text(load: str) -> str:
    """Return a world file with this load."""
    instruments = "".join(
        f'[instruments.{name}]\nmodel = "{model}"\nresource = "{ADDRESSES[name]}"\n' for name, model in MODELS.items())
    device = '[devices.D1]\nmodel = "nbo2"\n' if "XDUT" in LOADS[load] else ""
    return (f'seed = 1\nimperfections = false\n'
            f'[witness]\nfile = "witness.jsonl"\n{instruments}[fixture]\nnetlist = """\n{LOADS[load]}\n"""\n'
            f'[fixture.terminals]\nmeter = "smu"\n"generator.1" = "gen1"\n"scope.1" = "gen1"\n'
            f'[wires]\n"scope.external" = "generator.sync"\n{device}')


def current_of(load: str, shape: str) -> float | None:
    """Return the mean current [A] that the source meter reads at 0 V; None through a device.

    Nodal equations of the mean voltages at the generator's terminal (50 Ohm inside; the scope's 1 MOhm) and, behind
    1 kOhm, in the middle of the RC; the meter is behind 100 kOhm.
    """
    if load == "NbO2":
        return None
    inside, scope, meter = 1 / 50, 1e-6, 1e-5
    if load == "resistors":
        return -meter * MEANS[shape] * inside / (inside + scope + meter + 1e-4)
    conductances = np.array([[inside + scope + 1e-3, -1e-3], [-1e-3, 1e-3 + meter]])
    return -meter * float(np.linalg.solve(conductances, [MEANS[shape] * inside, 0.0])[1])


class Bench:
    """Speaks to the instruments, keeps how long answers took, and checks what they are."""

    paced = False

    def __init__(self, current: float | None) -> None:
        self.worst, self.slowest, self.most_work = 0.0, "", 0
        self.checked, self.problems = 0, list[str]()
        self.samples = b""  #: of the last record of the scope
        self._current = current

    def expect(self, good: bool, what: str) -> None:
        """Count a reply that was looked at, and note one that is not as expected."""
        self.checked += 1
        if not good:
            self.problems.append(what)

    def read(self) -> None:
        """Take a reading of the source meter, which must be right."""
        reply = self.ask("meter", ":READ?")
        amps = float(reply)
        if self._current is None:
            good = abs(amps) <= LIMIT
        else:
            good = abs(amps - self._current) <= ACCURACY[0] * abs(self._current) + ACCURACY[1]
        self.expect(good, f":READ? {reply}" + f", not {self._current}" * (self._current is not None))

    def ask(self, name: str, message: str) -> str:
        """Send a message; return the reply if it is a query."""
        begun, before = self.spent(), self.work()
        reply = self.exchange(name, message)
        took = self.spent() - begun - (READING if self.paced and message == ":READ?" else 0.0)
        self.most_work = max(self.most_work, self.work() - before)
        if took > self.worst:
            self.worst, self.slowest = took, message
        return reply

    def spent(self) -> float:
        """Return a clock [s]: the wall's, or the processor's where nothing else runs in between."""
        return time.monotonic()

    def work(self) -> int:
        """Return the steps computed so far, where they are known."""
        return 0

    def exchange(self, name: str, message: str) -> str:
        """Send, and read if it is a query."""
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        """Let bench time pass."""
        raise NotImplementedError

    def close(self) -> bool:
        """End it; return whether it had lived up to now."""
        raise NotImplementedError


class InProcess(Bench):
    """Through pyvisa's library ``@tsbench``."""

    def __init__(self, world: Path, current: float | None) -> None:
        super().__init__(current)
        self.manager = pyvisa.ResourceManager(f"{world}@tsbench")
        self.clock = self.manager.visalib.clock
        self.open: dict[str, Any] = {n: self.manager.open_resource(a, timeout=60_000) for n, a in ADDRESSES.items()}

    def exchange(self, name: str, message: str) -> str:
        """Send, and read if it is a query."""
        resource = self.open[name]
        if message.endswith(":DATA?"):
            self.samples = bytes(resource.query_binary_values(message, datatype="B"))
            return ""
        if "?" in message:
            return str(resource.query(message)).strip()
        resource.write(message)
        return ""

    def close(self) -> bool:
        """Switch the bench off; one in this process has lived."""
        self.manager.close()
        return True

    def spent(self) -> float:
        """Return the processor's time [s]: the bench is in this process, and nothing in it waits."""
        return time.process_time()

    def work(self) -> int:
        """Return the steps that the circuit has taken."""
        return int(self.manager.visalib.world.bench.lagging_circuit.work)

    def wait(self, seconds: float) -> None:
        """Let bench time pass."""
        begun, before = self.spent(), self.work()
        self.clock.wait(seconds)
        took = self.spent() - begun
        self.most_work = max(self.most_work, self.work() - before)
        if took > self.worst:
            self.worst, self.slowest = took, f"wait {seconds:g} s"


class Served(Bench):
    """Over sockets, from a process of its own."""

    def __init__(self, world: Path, current: float | None, paced: bool) -> None:
        super().__init__(current)
        self.paced = paced
        options = [] if paced else ["--fast"]
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tsbench", "serve", str(world), "--json", *options], stdout=subprocess.PIPE,
            text=True)
        assert self.child.stdout is not None
        self.links: dict[str, socket.socket] = {}
        for row in json.loads(self.child.stdout.readline()):
            self.links[row["name"]] = socket.create_connection(("127.0.0.1", int(row["socket"].split("::")[2])), 120)

    def exchange(self, name: str, message: str) -> str:
        """Send, and read if it is a query; a command is followed by one, so that its end is seen."""
        link = self.links[name]
        link.sendall((message if "?" in message else f"{message};*OPC?").encode() + b"\n")
        if message.endswith(":DATA?"):
            head = self._read(link, 10)
            self.samples = self._read(link, int(head[2:]) + 1)[:-1]
            return ""
        reply = b""
        while not reply.endswith(b"\n"):
            reply += self._read(link, 1)
        return reply.decode().strip()

    @staticmethod
    def _read(link: socket.socket, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = link.recv(size - len(data))
            if not part:
                raise ConnectionError("the server has gone")
            data += part
        return data

    def wait(self, seconds: float) -> None:
        """Let bench time pass: idle at the wall clock's pace, in readings otherwise."""
        if self.paced:
            time.sleep(seconds)
            return
        for _ in range(round(seconds / READING)):
            self.read()

    def close(self) -> bool:
        """End the server; return whether it had lived up to now."""
        alive = self.child.poll() is None
        self.child.terminate()
        self.child.wait()
        return alive


@contextmanager
def folder(load: str) -> Iterator[Path]:
    """Make a world file in a folder that goes away."""
    with tempfile.TemporaryDirectory() as name:
        world = Path(name) / "world.toml"
        world.write_text(world_text(load), "utf-8")
        yield world


def session(bench: Bench, shape: str, frequency: float, seconds: float) -> None:
    """Leave the generator on, look at it now and then, switch it off."""
    ask = bench.ask
    levels = ("VOLT:HIGH 0.6", "VOLT:LOW 0")
    points = ",".join(str(k * 2000) for k in range(-16, 17))
    setting = {
        "SIN": ("FUNC SIN", f"FREQ {frequency:g}"), "SQU": ("FUNC SQU", f"FREQ {frequency:g}"),
        "PULS": ("FUNC PULS", "FUNC:PULS:TRAN:BOTH 2.9e-9", f"FUNC:PULS:WIDT {0.2 / frequency:g}",
                 f"FREQ {frequency:g}"),
        "ARB": (f"DATA:ARB:DAC w,{points}", "FUNC:ARB w", "FUNC ARB", f"FUNC:ARB:SRAT {33 * frequency:g}"),
    }[shape]
    for message in ("OUTP:LOAD INF", *setting, *levels, "OUTP1 ON"):
        ask("generator", message)
    for message in (":SENS:FUNC 'CURR'", ":SENS:CURR:AZER OFF", ":SENS:CURR:NPLC 10", ":SENS:CURR:AVER:COUN 10",
                    ":SENS:CURR:AVER:TCON REP",
                    ":SENS:CURR:AVER ON", ":OUTP ON"):
        ask("meter", message)
    bench.wait(seconds / 2)
    bench.read()
    for message in (":CHAN1:RANG 2", f":TIM:RANG {10 / frequency:g}", ":TRIG:SOUR CHAN1", ":TRIG:LEV 1.2", ":SING"):
        ask("scope", message)   # a level that is never reached
    bench.wait(seconds / 4)
    bench.expect(_armed(bench), "the scope has triggered at a level that nothing reaches")
    for message in (":TRIG:LEV 0.3", ":SING"):
        ask("scope", message)
    deadline = time.monotonic() + 30.0
    while (armed := _armed(bench)) and time.monotonic() < deadline:
        pass
    bench.expect(not armed, "the scope did not trigger within 30 s")
    ask("scope", ":WAV:DATA?")
    seen = bench.samples
    swing = max(seen, default=0) - min(seen, default=0)
    bench.expect(len(seen) >= FEWEST_SAMPLES and swing >= LEAST_SWING, f"{len(seen)} samples, {swing} codes")
    bench.wait(seconds / 4)
    bench.expect(ask("generator", "OUTP1?") == "1", "the output is not on")
    bench.read()
    for name, message in (("generator", "OUTP1 OFF"), ("meter", ":OUTP OFF")):
        ask(name, message)
    bench.expect(ask("generator", "OUTP1?") == "0", "the output of the generator is not off")
    bench.expect(ask("meter", ":OUTP?") == "0", "the output of the source meter is not off")
    for name in ADDRESSES:
        reply = ask(name, ":SYST:ERR?")
        bench.expect(int(reply.split(",")[0]) == 0, f"{name}: {reply}")


def _armed(bench: Bench) -> bool:
    return bool(int(bench.ask("scope", ":OPER:COND?")) & 8)


@dataclass
class Answers:
    """What one bench said in 100 s."""

    took: float  #: [s] the longest answer
    message: str  #: to this
    steps: int  #: most steps for one, where they are known
    checked: int  #: replies
    problems: list[str]


def answers(load: str, shape: str, frequency: float, way: str) -> Answers:
    """Leave the generator on; return how long answers took and what was not as it should be."""
    with folder(load) as world:
        current = current_of(load, shape)
        bench = InProcess(world, current) if way == "in process" else Served(world, current, paced=way == "paced")
        try:
            session(bench, shape, frequency, LONG)
        finally:
            alive = bench.close()
        if not alive:
            bench.problems.append("the server had ended")
        log = read_witness(world.parent / "witness.jsonl")
        if log.left_out():
            bench.problems.append("something was left out")
        bench.problems += [f"{name} left on, by the witness" for name, on in log.outputs().items() if on]
    return Answers(bench.worst, bench.slowest, bench.most_work, bench.checked, bench.problems)


def line(what: str, found: dict[float, Answers]) -> Line:
    """Return the row of some benches, by frequency [Hz]."""
    frequency, worst = max(found.items(), key=lambda item: item[1].took)
    steps = max(each.steps for each in found.values())
    problems = [f"{f:g} Hz: {problem}" for f, each in found.items() for problem in each.problems]
    said = f"{worst.took:.2f} s ({worst.message}, {frequency:g} Hz)" + f", {steps} steps" * bool(steps)
    said += f"; {sum(each.checked for each in found.values())} replies checked, {len(problems)} wrong"
    if problems:
        said += f" ({'; '.join(problems[:3])})"
    return Line(f"{what}: longest answer in {LONG:g} bench seconds", said, f"<= {LONGEST:g} s, none wrong",
                worst.took <= LONGEST and not problems)


class Sums:
    """Integrals of voltage, current and power."""

    def __init__(self, node: str) -> None:
        self.node, self.values = node, [0.0, 0.0, 0.0]

    def observe(self, segment: Segment) -> None:
        """Add a segment."""
        if isinstance(segment, Gap):
            raise RuntimeError(segment.reason)
        count, part = (segment.count, segment.period) if isinstance(segment, Repetition) else (1, segment)
        found = (part.integral("voltage", self.node, part.start, part.end),
                 part.integral("current", "RG", part.start, part.end),
                 part.energy("gen1", "0", "RG", part.start, part.end))  # type: ignore[attr-defined]
        self.values = [a + count * b for a, b in zip(self.values, found, strict=True)]


def waveform(shape: str, frequency: float) -> SourceWaveform:
    """Return what a generator would play, from 0 to 0.6 V."""
    period = 1 / frequency
    if shape == "SIN":
        return Sine(0.3, 0.3, frequency)
    if shape == "ARB":
        times = [k * period / 33 for k in range(34)]
        values = [0.3 + 0.3 * (k - 16) * 2000 / 32767 for k in range(33)]
        return PiecewiseLinear(times, [*values, values[0]], period)  # type: ignore[arg-type]
    edge, width = (3.6e-9, 0.2 * period) if shape == "PULS" else (5e-9, 0.5 * period)
    return PulseWaveform(0.0, 0.6, 0.0, edge, edge, width, period, 0)


def difference(load: str, shape: str, frequency: float) -> float:
    """Return the largest relative difference of averages over 60.3 periods from computing every one."""
    found = []
    text = f"VG emf 0 0\nRG emf gen1 50\nCs gen1 0 14p\n{LOADS[load]}".replace("device", "nbo2")
    for skip in (True, False):
        circuit = build_circuit(parse_netlist(text, ["smu"]))
        circuit.set_source("VG", waveform(shape, frequency))
        sums = Sums(MEASURED[load])
        circuit.add_observer(sums)
        circuit.advance(60.3 / frequency, skip=skip)
        found.append(sums.values)
    return max(abs(a / b - 1.0) for a, b in zip(*found, strict=True))


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 kHz, 1 MHz and 10 MHz, served for one load")
    quick = parser.parse_args().quick
    frequencies = (1e3, 1e6, 1e7) if quick else FREQUENCIES
    lines = []
    for load, shape in itertools.product(LOADS, SHAPES):
        worst = max((difference(load, shape, f), f) for f in frequencies)
        print(f"{load}, {shape}", file=sys.stderr, flush=True)
        what = f"{load}, {shape}: largest error of the averages of voltage, current and power over 60.3 periods"
        lines.append(Line(what, f"{worst[0]:.1e} ({worst[1]:g} Hz)", f"<= {AGREEMENT:g}", worst[0] <= AGREEMENT))
        for way in ("in process",) if quick and load != "NbO2" else ("in process", "served --fast"):
            lines.append(line(f"{load}, {shape}, {len(frequencies)} frequencies, {way}",
                              {frequency: answers(load, shape, frequency, way) for frequency in frequencies}))
    with ThreadPoolExecutor(len(OF_PACE)) as pool:   # they wait nearly all the time
        paced = list(pool.map(lambda case: answers("NbO2", *case, "paced"), OF_PACE.items()))
    for (shape, frequency), found in zip(OF_PACE.items(), paced, strict=True):
        lines.append(line(f"NbO2, {shape}, served in real time", {frequency: found}))
    return report("driven", "a generator that stays on", lines)


if __name__ == "__main__":
    sys.exit(main())
