"""How long a message takes in process: ``*IDN?`` and settings beside pyvisa-sim, ``:READ?`` beside an earlier commit.

pyvisa-sim answers from a dialogue that this benchmark writes: one identity, and one property with its bounds. It has
no instrument behind it. A setting is sent and read back, as drivers do. ``python -m benchmarks.message_speed --against
CHECKOUT`` also compares ``:READ?`` at 0.01 NPLC on a device with another checkout (its own environment,
``CHECKOUT/.venv``). Of many short rounds the best counts, and the two take turns, so that other load does not decide.
"""

import argparse
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.acceptance.judging import meter_accuracy
from benchmarks.report import INFORMATION, Line, report

ROOT = Path(__file__).resolve().parent.parent
ROUNDS, TURNS, REPEATS = 40, 100, 3
MOST, MOST_OF_A_READING = 1.0, 0.3  #: ratios
DIALOGUE = """
spec: "1.1"
devices:
  meter:
    eom: {USB INSTR: {q: "\\n", r: "\\n"}}
    error: ERROR
    dialogues: [{q: "*IDN?", r: "KEITHLEY INSTRUMENTS,MODEL 2450,SIM00011,1.7.12b"}]
    properties:
      voltage:
        default: 0.0
        getter: {q: ":SOUR:VOLT?", r: "{:.6E}"}
        setter: {q: ":SOUR:VOLT {}"}
        specs: {min: -210, max: 210, type: float}
resources: {"USB0::0x05E6::0x2450::SIM00011::INSTR": {device: meter}}
"""
_COMMAS = 3  #: of a reply to *IDN?
READINGS, FEWEST_DIFFERENT = 300, 30  #: noise makes readings differ
LEVEL, RESISTANCE = 0.3, 10e3  #: [V] of the readings, [Ohm] of the resistor
#: [A] of the NbO2 device at 0.3 V, far below its threshold: 30 to 300 kOhm. Its spread is no matter of this benchmark
INSULATING = (1e-6, 1e-5)
RESISTOR, NBO2 = "resistor.world.toml", "nbo2.world.toml"
METER = "USB0::0x05E6::0x2450::SIM00011::INSTR"
GENERATOR = "USB0::0x2A8D::0x5A01::SIM00012::INSTR"
SCOPE = "USB0::0x2A8D::0x1764::SIM00013::INSTR"
#: settings that change nothing in the circuit: outputs are off. What each does to the circuit, the physics takes
SETTINGS: tuple[tuple[str, str, Sequence[float]], ...] = (
    (METER, ":SOUR:VOLT", [n / 1000 for n in range(200)]),
    (METER, ":SENS:CURR:NPLC", [0.01, 0.1, 1, 2, 5]),
    (METER, ":SOUR:VOLT:ILIM", [2e-4, 5e-4, 1e-3]),
    (GENERATOR, ":FREQ", range(1000, 1200)),
    (GENERATOR, ":VOLT", [n / 1000 for n in range(200, 400)]),
    (SCOPE, ":CHAN1:SCAL", [0.1, 0.2, 0.5]),
    (SCOPE, ":TIM:SCAL", [1e-3, 1e-4]),
    (SCOPE, ":TRIG:EDGE:LEV", [0.1, 0.2]),
)


def best(act: Callable[[], Any], rounds: int = ROUNDS, turns: int = TURNS) -> float:
    """Return the time of one act [s]: that of the best round."""
    least = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        for _ in range(turns):
            act()
        least = min(least, time.perf_counter() - begin)
    return least / turns


def opened(manager: Any, resource: str) -> Any:
    """Return a session that ends its messages with newlines."""
    session = manager.open_resource(resource)
    session.read_termination = session.write_termination = "\n"
    return session


def set_and_read(session: Any, header: str, values: Sequence[float]) -> Callable[[], Any]:
    """Return an act: one setting, with another value each time, and its query."""
    messages = itertools.cycle([f"{header} {value:g}" for value in values])

    def act() -> None:
        session.write(next(messages))
        session.query(f"{header}?")

    return act


def is_kept(session: Any, header: str, values: Sequence[float]) -> bool:
    """Return whether an instrument answers the first and the last of some values as they were set."""
    for value in (values[0], values[-1]):
        session.write(f"{header} {value:g}")
        if not math.isclose(float(session.query(f"{header}?")), value, rel_tol=1e-6):
            return False
    return True


def messages() -> list[Line]:
    """Compare ``*IDN?`` and settings with pyvisa-sim."""
    import pyvisa

    os.environ["TSBENCH_WITNESS"] = ""
    with tempfile.TemporaryDirectory() as folder:
        dialogue = Path(folder) / "meter.yaml"
        dialogue.write_text(DIALOGUE, "utf-8")
        world = Path(folder) / "resistor.world.toml"
        world.write_text((ROOT / "examples" / "resistor.world.toml").read_text("utf-8"), "utf-8")
        theirs = opened(pyvisa.ResourceManager(f"{dialogue}@sim"), METER)
        manager = pyvisa.ResourceManager(f"{world}@tsbench")
        sessions = {resource: opened(manager, resource) for resource in (METER, GENERATOR, SCOPE)}
        levels = [n / 1000 for n in range(200)]
        acts: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
            f"*IDN? of the {name}": (lambda s=sessions[resource]: s.query("*IDN?"), lambda: theirs.query("*IDN?"))
            for name, resource in (("source meter", METER), ("generator", GENERATOR), ("oscilloscope", SCOPE))
        }
        acts |= {
            f"{header}, read back": (set_and_read(sessions[resource], header, values),
                                     set_and_read(theirs, ":SOUR:VOLT", levels))
            for resource, header, values in SETTINGS
        }
        wrong = [header for resource, header, values in SETTINGS if not is_kept(sessions[resource], header, values)]
        wrong += [resource for resource, session in sessions.items() if session.query("*IDN?").count(",") != _COMMAS]
        lines = [Line("settings and identities that come back wrong", ", ".join(wrong) or "0", "0", not wrong)]
        for what, (ours, other) in acts.items():
            pairs = [(best(ours), best(other)) for _ in range(REPEATS)]
            here, there = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
            lines.append(Line(f"{what}: here / pyvisa-sim", f"{here * 1e6:.1f} us / {there * 1e6:.1f} us = "
                              f"{here / there:.2f}", f"<= {MOST:g}", here / there <= MOST))
        sessions[METER].write(":OUTP ON")
        level = best(set_and_read(sessions[METER], ":SOUR:VOLT", levels), 10, 20)
        lines.append(Line(":SOUR:VOLT, read back, with the output on: the circuit follows", f"{level * 1e6:.0f} us",
                          INFORMATION, True))
        sessions[METER].write(":OUTP OFF")
        manager.close()
    return lines


def expected_current(world: str) -> tuple[float, float]:
    """Return the bounds [A] of the median reading: by Ohm's law within the accuracy of the 2450, or of the device."""
    if Path(world).name != RESISTOR:
        return INSULATING
    bound = meter_accuracy("keithley_2450").current_bound(LEVEL, RESISTANCE)
    return LEVEL / RESISTANCE - bound, LEVEL / RESISTANCE + bound


def require_physics(world: str, readings: Sequence[float]) -> None:
    """Raise RuntimeError unless readings [A] have noise, and their median is the current of the device."""
    different, middle = len(set(readings)), statistics.median(readings)
    least, most = expected_current(world)
    if different < FEWEST_DIFFERENT or not least <= middle <= most:
        raise RuntimeError(
            f"{world}: {len(readings)} readings at {LEVEL:g} V give {different} different numbers, median "
            f"{middle:.6g} A. Noise makes at least {FEWEST_DIFFERENT}, and the device {least:.6g} to {most:.6g} A. So "
            "the virtual 2450 does not measure the device, and the time of a reading says nothing. Look at its replies")


def reading(world: str) -> float:
    """Return the time of ``:READ?`` at 0.01 NPLC on the device of a world [s]; needs no more than pyvisa and numpy."""
    import pyvisa

    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    meter = opened(manager, next(n for n in manager.list_resources() if "0x2450" in n or "::1510::9296" in n))
    for message in ("*RST", ":SOUR:FUNC VOLT", ":SOUR:VOLT:RANG 2", ":SOUR:VOLT:ILIM 1E-3", ":SENS:FUNC 'CURR'",
                    ":SENS:CURR:RANG 1E-3", ":SENS:CURR:NPLC 0.01", f":SOUR:VOLT {LEVEL:g}", ":OUTP ON"):
        meter.write(message)
    require_physics(world, [float(meter.query(":READ?")) for _ in range(READINGS)])
    taken = [best(lambda: meter.query(":READ?"), 1, 20) for _ in range(40)]
    meter.write(":OUTP OFF")
    manager.close()
    return statistics.quantiles(taken, n=10)[0]


def _reading_in(checkout: Path, world: str) -> float:
    code = f"import json, runpy; print(json.dumps(runpy.run_path({__file__!r})['reading']({world!r})))"
    done = subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", code], cwd=checkout / "examples", capture_output=True, text=True,
        check=True, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "TSBENCH_WITNESS": ""})
    return float(json.loads(done.stdout.splitlines()[-1]))


def readings(other: Path) -> list[Line]:
    """Compare ``:READ?`` with another checkout, on a resistor and on an NbO2 device."""
    lines = []
    for world, what in ((RESISTOR, "10 kOhm"), (NBO2, "an NbO2 device")):
        pairs = [(_reading_in(ROOT, world), _reading_in(other, world)) for _ in range(REPEATS)]
        here, there = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
        lines.append(Line(f":READ? at 0.01 NPLC on {what}: here / there",
                          f"{here * 1e6:.0f} us / {there * 1e6:.0f} us = {here / there:.2f}",
                          f"<= {MOST_OF_A_READING:g}", here / there <= MOST_OF_A_READING))
    return lines


def main() -> int:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout, with its .venv")
    other = parser.parse_args().against
    not_compared = [Line(":READ? at 0.01 NPLC: here / there", "not compared: give --against CHECKOUT",
                         f"<= {MOST_OF_A_READING:g}", False)]
    lines = messages() + (readings(other.resolve()) if other else not_compared)
    return report("message_speed", "what one message costs", lines)


if __name__ == "__main__":
    sys.exit(main())
