"""Four clients at once on a served bench for ten minutes of simulated time: is any reply lost or crossed?

Each client asks only what has one right answer of its own: levels that nobody else sets, readings of them on a known
resistor, blocks whose length and content are known, device clears and status queries in between. Two clients share
one instrument, each of them on a channel of its own. Loopback only; bounded in replies and in time.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.report import Line, report

WORLD = Path(__file__).resolve().parent.parent / "examples" / "resistor.world.toml"
SIMULATED = 600.0  #: [s]
LONGEST = 540.0  #: [s] of wall clock
APERTURE = 2 / 60  #: [s] of one reading with its auto-zero, at least
RESISTANCE = 10e3  #: [Ohm], of the source meter's own resistor


class Client(threading.Thread):
    """One program: asks, compares, counts."""

    def __init__(self, name: str, session: Any, seed: int, ended: Callable[[], bool]) -> None:
        super().__init__(name=name)
        self.session = session
        self.random = random.Random(seed)
        self.ended = ended
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.lost: list[str] = []
        self.slowest = 0.0

    def run(self) -> None:
        """Talk until it is over."""
        number = 0
        self.prepare()
        while not self.ended():
            number += 1
            try:
                self.turn(number)
            except Exception as error:  # noqa: BLE001  whatever goes wrong is a lost reply
                self.lost.append(f"{self.name}: {type(error).__name__}: {error}")
                return
        errors = self.ask(":SYST:ERR?")
        self.check(int(errors.split(",")[0]) == 0, f"error queue {errors}")

    def prepare(self) -> None:
        """Set up."""

    def turn(self, number: int) -> None:
        """Ask a few things."""
        raise NotImplementedError

    def ask(self, message: str) -> str:
        """Send, read, time."""
        begun = time.monotonic()
        reply = str(self.session.query(message)).strip()
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.counts["replies"] += 1
        return reply

    def check(self, right: bool, what: str) -> None:
        """Note a reply that is not the one that belongs to the question."""
        if not right:
            self.wrong.append(f"{self.name}: {what}")


class Meter(Client):
    """Sources levels of its own into the resistor, reads them; sweeps of many readings let time pass."""

    def prepare(self) -> None:
        for message in (
            "*RST", ":SOUR:FUNC VOLT", ":SOUR:VOLT:RANG 2", ":SOUR:VOLT:ILIM 1E-3", ":SENS:FUNC 'CURR'",
            ":SENS:CURR:RANG 1E-3", ":SENS:CURR:NPLC 1", ":OUTP ON",
        ):
            self.session.write(message)

    def turn(self, number: int) -> None:
        level = round(self.random.uniform(-1.9, 1.9), 4)
        self.session.write(f":SOUR:VOLT {level}")
        reply = self.ask(":SOUR:VOLT?")
        self.check(float(reply) == level, f"level {level} read back as {reply}")
        reply = self.ask(":READ?")
        self.counts["readings"] += 1
        self.check(abs(float(reply) - level / RESISTANCE) < 1.5e-7, f"{level} V measured as {reply} A")
        if number % 10 == 0:
            count = self.random.randint(20, 100)
            self.session.write(f":SENS:COUN {count};:TRAC:CLE 'defbuffer1'")
            self.ask(":READ?")
            values = self.ask(f":TRAC:DATA? 1, {count}, 'defbuffer1'").split(",")
            self.session.write(":SENS:COUN 1")
            good = len(values) == count and all(abs(float(v) - level / RESISTANCE) < 1.5e-7 for v in values)
            self.check(good, f"{count} readings of {level} V: {values}")
            self.counts["readings"] += count


class Generator(Client):
    """Sets frequency and amplitude of one channel; the other client has the other channel."""

    channel = 1

    def prepare(self) -> None:
        self.session.write(f":OUTP{self.channel}:LOAD INF")

    def turn(self, number: int) -> None:
        frequency = self.random.randint(1000, 999_999)
        self.session.write(f":SOUR{self.channel}:FREQ {frequency}")
        amplitude = round(self.random.uniform(0.1, 2.0), 3)
        reply = self.ask(f":SOUR{self.channel}:VOLT {amplitude};:SOUR{self.channel}:FREQ?;VOLT?")
        self.check(
            [round(float(part), 6) for part in reply.split(";")] == [frequency, amplitude],
            f"{frequency} Hz, {amplitude} V read back as {reply}",
        )
        if number % 50 == 0:
            self.other(number)

    def other(self, number: int) -> None:
        """Device clear between exchanges, and a status query."""
        self.session.clear()
        self.counts["clears"] += 1
        self.check(self.session.read_stb() & 0x10 == 0, "a reply stands that nobody asked for")
        self.counts["status queries"] += 1


class SocketGenerator(Generator):
    """The second channel, over a raw socket: uploads with newlines in them instead of clears."""

    channel = 2

    def other(self, number: int) -> None:
        points = self.random.randint(16, 400) * 2
        block = (b"\n;'\"#1,2" * points)[: 2 * points]
        self.session.write_raw(f":SOUR2:DATA:ARB:DAC W{number % 7},#4{len(block):04d}".encode() + block + b"\n")
        reply = self.ask(f":SOUR2:DATA:ATTR:POIN? W{number % 7}")
        self.check(int(reply) == points, f"{points} points read back as {reply}")
        self.session.write(":SOUR2:DATA:VOL:CLE")
        self.counts["uploads"] += 1


class Scope(Client):
    """Digitises generator channel 1 and fetches blocks of the lengths it has asked for."""

    def prepare(self) -> None:
        for message in ("*RST", ":TIM:SCAL 1E-5", ":WAV:FORM BYTE", ":WAV:SOUR CHAN1", ":DIG CHAN1"):
            self.session.write(message)
        self.ask("*OPC?")

    def turn(self, number: int) -> None:
        if number % 10 == 0:
            self.session.write(f":WAV:POIN {self.random.choice((100, 250, 500, 1000, 2000))}")
            announced = int(self.ask(":WAV:PRE?").split(",")[2])
            block = self.session.query_binary_values(":WAV:DATA?", "B", container=bytes)
            self.counts["blocks"] += 1
            self.counts["replies"] += 1
            self.check(len(block) == announced, f"block of {len(block)} points, {announced} announced")
        scale = self.random.choice((0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0))
        reply = self.ask(f":CHAN2:SCAL {scale};:CHAN2:SCAL?")
        self.check(abs(float(reply) - scale) < 1e-6, f"scale {scale} read back as {reply}")
        if number % 40 == 0:
            self.session.write(":DIG CHAN1")
            self.check(int(self.ask("*OPC?")) == 1, "digitize")
            self.counts["acquisitions"] += 1


def run(simulated: float, longest: float) -> int:
    """Serve, let the clients talk, report."""
    import pyvisa

    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / WORLD.name
        world.write_text(WORLD.read_text("utf-8"), "utf-8")
        server = subprocess.Popen(
            [sys.executable, "-m", "tsbench", "serve", str(world), "--json", "--fast"],
            stdout=subprocess.PIPE, text=True,
        )
        try:
            assert server.stdout is not None
            addresses = {row["name"]: row for row in json.loads(server.stdout.readline())}
            manager = pyvisa.ResourceManager("@py")
            over = threading.Event()

            def opened(name: str, kind: str) -> Any:
                session: Any = manager.open_resource(addresses[name][kind], timeout=30_000)
                session.write_termination = "\n"
                session.read_termination = "\n" if kind == "socket" else None
                return session

            clients = [
                Meter("meter (HiSLIP)", opened("source_meter", "hislip"), 1, over.is_set),
                Generator("generator 1 (HiSLIP)", opened("generator", "hislip"), 2, over.is_set),
                SocketGenerator("generator 2 (socket)", opened("generator", "socket"), 3, over.is_set),
                Scope("scope (HiSLIP)", opened("scope", "hislip"), 4, over.is_set),
            ]
            begun = time.monotonic()
            for client in clients:
                client.start()
            _let_time_pass(clients[0], simulated, longest, begun)
            over.set()
            for client in clients:
                client.join(60)
            wall = time.monotonic() - begun
            manager.close()
            server.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
            code = server.wait(60)
            end = json.loads((Path(folder) / "resistor.witness.jsonl").read_text("utf-8").splitlines()[-1])
        finally:
            if server.poll() is None:
                server.kill()
    return _report(clients, float(end["t"]), simulated, wall, code)


def _let_time_pass(meter: Client, simulated: float, longest: float, begun: float) -> None:
    """Wait until the readings alone have taken the simulated time (the witness tells later what it really was)."""
    while meter.counts["readings"] * APERTURE < simulated and time.monotonic() - begun < longest and meter.is_alive():
        time.sleep(0.2)


def _report(clients: list[Client], passed: float, simulated: float, wall: float, code: int) -> int:
    counts: Counter[str] = Counter()
    for client in clients:
        counts += client.counts
        for problem in (client.wrong + client.lost)[:5]:
            print(problem, file=sys.stderr)
    crossed, lost = sum(len(c.wrong) for c in clients), sum(len(c.lost) for c in clients)
    stuck = sum(client.is_alive() for client in clients)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items() if kind != "replies")
    return report("wire", "four clients at once on a served bench", [
        Line("simulated time", f"{passed:.0f} s in {wall:.0f} s", f">= {simulated:.0f} s", passed >= simulated),
        Line("replies", f"{counts['replies']} ({kinds})", "> 0 each", all(c.counts["replies"] for c in clients)),
        *[Line(f"replies of {c.name}", f"{c.counts['replies']}, slowest {c.slowest:.2f} s", "", True) for c in clients],
        Line("replies lost", f"{lost}", "0", lost == 0),
        Line("replies crossed or wrong", f"{crossed}", "0", crossed == 0),
        Line("clients stuck", f"{stuck}", "0", stuck == 0),
        Line("exit code of the server", f"{code}", "0", code == 0),
    ])


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="20 s of simulated time")
    options = parser.parse_args()
    return run(20.0 if options.quick else SIMULATED, 60.0 if options.quick else LONGEST)


if __name__ == "__main__":
    sys.exit(main())
