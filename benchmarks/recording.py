"""What the simulated bench says and does, bit for bit: ``python -m benchmarks.recording make|compare FILE``.

For changes of the house that are to change no behaviour. ``make`` records, ``compare`` does the same again and prints
what differs:

- replies of the three twins to random scripts, made from their command tables and kept in the file: settings with good
  and bad values, questions, readings, pulses and records of a scope, each instrument by itself and all on one bench;
- trajectories of random netlists: each step's time, length and unknowns, and a longer time with whole periods skipped;
- every numeric data set of the demo's run files, but for times of the wall clock.

Long replies and arrays are kept as SHA-256. The file is JSON, compressed by lzma.

The last digits of LAPACK and of NumPy's vectorised functions depend on the kind of processor. On another kind than the
one that recorded, some long trajectories and some delays differ in these digits. There, make a recording of the code
before the change on the same machine and compare with that one.
"""

import argparse
import hashlib
import json
import lzma
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyvisa

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.scpi.headers import parse_pattern
from tsbench.simulated_backends.scpi.parameters import long_and_short
from tsbench.simulated_backends.scpi.tree import declared

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
WORLDS = ("nbo2", "resistor")
MESSAGES = 800  #: of each instrument's script
TOGETHER = 600  #: of one bench
STEPS = 20_000  #: for one message: what needs more is left out, which is recorded as well
NETLISTS = 20
LONGER = 40  #: times as long, where periods may be skipped
LONG_REPLY = 120  #: characters
VALUES = ("MIN", "MAX", "DEF", "0", "1", "0.5", "2", "-1", "10", "1e-3", "1e-6", "100e-9", "50", "1e9", "INF", "ON",
          "OFF", "VOLT", "CURR", "IMM", "BUS", "EXT", "abc", "1 mV", "20 us", "1,2", '"defbuffer1"', "")
#: what a script must contain to be more than settings; of each model the beginning of its resource's product code
PHRASES = {
    "0x05E6": ("*RST", ":OUTP ON", ":SOUR:VOLT 0.5", ":SOUR:VOLT 1.5", ":SOUR:VOLT:ILIM 1e-3", ":SENS:FUNC 'CURR'",
               ":READ?", ":MEAS:CURR?", ":SENS:NPLC 0.1", ":SENS:CURR:RANG 1e-4", ":SENS:CURR:RANG:AUTO ON",
               ":SOUR:FUNC CURR", ":SOUR:CURR 1e-5", ":SOUR:FUNC VOLT", ":OUTP OFF", ":INIT", "*WAI",
               ":SOUR:SWE:VOLT:LIN 0, 1, 6, 1e-3", ":TRAC:DATA? 1, 3, 'defbuffer1', SOUR, READ"),
    "0x5A01": ("*RST", ":SOUR1:FUNC PULS", ":SOUR1:FUNC:PULS:WIDT 1e-6", ":SOUR1:VOLT 1.2", ":SOUR1:FREQ 1e4",
               ":OUTP1 ON", ":SOUR1:FUNC SQU", ":SOUR2:FUNC DC", ":SOUR2:VOLT:OFFS 0.5", ":OUTP2 ON", "*TRG",
               ":SOUR1:BURS:STAT ON", ":SOUR1:BURS:NCYC 3", ":TRIG1:SOUR BUS", ":OUTP1 OFF", ":OUTP2 OFF",
               ":SOUR1:APPL:SIN 1e3, 1, 0"),
    "0x1764": ("*RST", ":SING", ":STOP", ":RUN", ":CHAN1:SCAL 0.2", ":CHAN2:SCAL 0.05", ":TIM:SCAL 1e-6",
               ":TRIG:EDGE:LEV 0.2", ":TRIG:FORC", ":WAV:SOUR CHAN1", ":WAV:FORM WORD", ":WAV:FORM BYTE",
               ":WAV:POIN 1000", ":WAV:DATA?", ":WAV:PRE?", ":DIG CHAN1",
               ":TIM:RANG 1e-4", ":MEAS:VPP? CHAN1", ":ACQ:TYPE HRES", ":TRIG:SWE AUTO"),
}


def headers_of(kind: type) -> list[str]:
    """Return a header, in its short form, for each command and question of a virtual instrument."""
    found = set()
    for pattern, _ in declared(kind):
        question = pattern.endswith("?")
        for nodes in parse_pattern(pattern.rstrip("?")):
            words = []
            for node in nodes:
                suffix = "" if node.suffix is None else str(min(node.suffix[1], 2))
                words.append(long_and_short(node.words[0])[1] + suffix)
            text = ":".join(words)
            found.add((text if text.startswith("*") else f":{text}") + ("?" if question else ""))
    return sorted(found)


def script_of(kind: type, phrases: tuple[str, ...], seed: int, count: int) -> list[str]:
    """Return random messages for an instrument."""
    rng, headers, said = random.Random(seed), headers_of(kind), []
    while len(said) < count:
        draw = rng.random()
        if draw < 0.25:
            said.append(rng.choice(phrases))
        elif draw < 0.3:
            said += ["*CLS", "*RST"] if rng.random() < 0.3 else [":SYST:ERR?"]
        else:
            header = rng.choice(headers)
            plain = header.endswith("?") and rng.random() < 0.9
            said.append(header if plain else f"{header} {rng.choice(VALUES)}".rstrip())
    return said


def short(reply: bytes) -> str:
    """Return a reply as text, or its length and digest."""
    if len(reply) <= LONG_REPLY:
        return reply.decode("latin-1")
    return f"{len(reply)} {hashlib.sha256(reply).hexdigest()}"


def talk(world: str, script: list[tuple[str, str]]) -> list[str]:
    """Send (resource, message) to a bench of its own and return what comes back to each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{world}.world.toml"
        path.write_text(f"steps_per_message = {STEPS}\n" + (EXAMPLES / path.name).read_text("utf-8"), "utf-8")
        manager = pyvisa.ResourceManager(f"{path}@tsbench")
        sessions: dict[str, Any] = {}
        heard = []
        try:
            for resource, message in script:
                if resource not in sessions:
                    sessions[resource] = manager.open_resource(resource, timeout=3000)
                heard.append(_heard(sessions[resource], message))
        finally:
            manager.close()
    return heard


def _heard(session: Any, message: str) -> str:
    try:
        session.write(message)
        if "?" not in message:
            return ""
        return short(session.read_raw())
    except pyvisa.errors.VisaIOError as error:
        session.clear()
        return str(error.abbreviation)
    except Exception as error:  # noqa: BLE001 - a defect of the simulated bench, which is shown and goes on
        print(f"{message}: {error!r}", file=sys.stderr, flush=True)
        return repr(error)


def scripts() -> dict[str, Any]:
    """Return what is said: name -> (world, messages)."""
    made: dict[str, Any] = {}
    for world in WORLDS:
        kinds = _instruments(world)
        for number, (resource, kind) in enumerate(kinds.items()):
            code = next(c for c in PHRASES if c in resource)
            said = script_of(kind, PHRASES[code], 10 * number + WORLDS.index(world), MESSAGES)
            made[f"{world}: {kind.__name__}"] = [world, [(resource, message) for message in said]]
        rng = random.Random(7)
        each = {r: iter(script_of(k, PHRASES[next(c for c in PHRASES if c in r)], 99 + n, TOGETHER))
                for n, (r, k) in enumerate(kinds.items())}
        together = [(r := rng.choice(list(each)), next(each[r])) for _ in range(TOGETHER)]
        made[f"{world}: all"] = [world, together]
    return made


def _instruments(world: str) -> dict[str, type]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{world}.world.toml"
        shutil.copy(EXAMPLES / path.name, path)
        manager = pyvisa.ResourceManager(f"{path}@tsbench")
        try:
            library: Any = manager.visalib
            return {r: type(library.world.instrument_at(r)) for r in sorted(library.world.resources)}
        finally:
            manager.close()


def netlists() -> list[str]:
    """Return random circuits: devices, loads, capacitances, inductances and sources of all kinds."""
    rng, made = random.Random(3), []
    devices = ("nbo2", "tin_nbo2", "nbo2_slesazeck", "nb2o5", "vo2", "nbox_third_order", "vo2_hysteretic", "ots_gst",
               "ag_sio2", "diode", "ag_hfo2", "tunnel_diode")
    for number in range(NETLISTS):
        device = devices[number % len(devices)]
        high = {"vo2_hysteretic": 14.0, "nb2o5": 8.0, "vo2": 8.0, "ag_sio2": 1.0, "ag_hfo2": 0.5}.get(device, 3.0)
        end = 1e-3 if device.startswith("ag") else 2e-6
        level = high * rng.uniform(0.5, 1.0)
        source = (f"{level}", f"PWL(0 0 {end / 2} {level} {end} 0)", f"SIN({level / 2} {level / 2} {4 / end})",
                  f"PULSE(0 {level} 0 {end / 100} {end / 100} {end / 8} {end / 4})")[number % 4]
        load, farads = 10.0 ** rng.uniform(3.0, 4.3), 10.0 ** rng.uniform(-12.0, -10.5)
        text = (f"circuit {number}\nV1 in 0 {source}\nR1 in n {load:.5g}\nC1 n 0 {farads:.5g}\nX1 n low {device}\n"
                "R2 low 0 50\n")
        if number % 3 == 0:
            text += f"L1 n m 1u\nR3 m 0 {10.0 ** rng.uniform(2.0, 4.0):.5g}\n"
        if number % 5 == 0:
            text += f"R4 n n2 {load:.5g}\nC2 n2 0 {farads:.5g}\nX2 n2 0 {device}\n"
        made.append(f"{text}.end\n* to {end!r} s")
    return made


class _Steps:
    def __init__(self) -> None:
        self.digest, self.count = hashlib.sha256(), 0
        self.periods = 0.0  #: that were not computed

    def observe(self, segment: Any) -> None:
        steps = getattr(segment, "steps", None)
        if steps is None:
            skipped = float(getattr(segment, "count", 0.0))
            self.periods += skipped
            self.digest.update(np.array([segment.start, segment.end, skipped]).tobytes())
            return
        self.count += steps.starts.size
        for array in (steps.starts, steps.lengths, steps.y0, steps.y1, steps.p, steps.q):
            self.digest.update(np.ascontiguousarray(array).tobytes())


def trajectory(text: str) -> str:
    """Return the digest of all steps of a circuit, their number, and where it ends."""
    end = float(text.rsplit("* to ", 1)[1].split(maxsplit=1)[0])
    circuit, seen = build_circuit(parse_netlist(text), seed=1), _Steps()
    circuit.add_observer(seen)
    circuit.advance(end, skip=False)
    last = " ".join(float(v).hex() for v in circuit.unknowns())
    return f"{seen.count} {seen.digest.hexdigest()} {last}"


def long_trajectory(text: str) -> str:
    """Return the same over a time in which whole periods are skipped, with the number of those."""
    end = LONGER * float(text.rsplit("* to ", 1)[1].split(maxsplit=1)[0])
    circuit, seen = build_circuit(parse_netlist(text), seed=1), _Steps()
    circuit.add_observer(seen)
    circuit.advance(end)
    last = " ".join(float(v).hex() for v in circuit.unknowns())
    return f"{seen.periods} {seen.count} {seen.digest.hexdigest()} {last}"


def demo() -> dict[str, str]:
    """Run the demo; return the digest of each numeric data set by file and path."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "tsbench", "demo", "--out", folder], check=True, capture_output=True)
        found = {}
        for k, path in enumerate(sorted(Path(folder).rglob("*.nxs"), key=lambda p: p.stat().st_mtime_ns)):
            with h5py.File(path) as file:
                found |= {f"{k} {name}": digest for name, digest in _data_sets(file)}
    return found


def _data_sets(file: Any) -> Iterator[tuple[str, str]]:
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
    for name in names:
        item = file[name]
        if item.dtype.kind in "iufb":
            digest = hashlib.sha256(np.ascontiguousarray(item[()]).tobytes()).hexdigest()
            yield name, f"{item.dtype} {item.shape} {digest}"


def record(said: dict[str, Any], circuits: list[str]) -> dict[str, Any]:
    """Do everything; return what came out."""
    heard = {}
    for name, (world, script) in said.items():
        print(f"{name}: {len(script)} messages", file=sys.stderr, flush=True)
        heard[name] = talk(world, script)
    print(f"{len(circuits)} netlists, the demo", file=sys.stderr, flush=True)
    return {"said": said, "heard": heard, "circuits": circuits, "trajectories": [trajectory(c) for c in circuits],
            "long": [long_trajectory(c) for c in circuits], "demo": demo()}


def read(path: Path) -> dict[str, Any]:
    """Return what a recording holds."""
    return json.loads(lzma.decompress(path.read_bytes()))  # type: ignore[no-any-return]


def differences(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """Name what is not the same."""
    for name, replies in before["heard"].items():
        script = before["said"][name][1]
        wrong = [k for k, (a, b) in enumerate(zip(replies, after["heard"][name], strict=True)) if a != b]
        for k in wrong[:5]:
            yield f"{name}, message {k} ({script[k][1]}): '{replies[k]}' was, '{after['heard'][name][k]}' is"
        if len(wrong) > 5:
            yield f"{name}: {len(wrong)} replies differ"
    for kind in ("trajectories", "long"):
        for text, a, b in zip(before["circuits"], before[kind], after[kind], strict=True):
            if a != b:
                yield f"{text.splitlines()[0]}, {kind}: {a[:90]} was, {b[:90]} is"
    for name in sorted(before["demo"].keys() | after["demo"].keys()):
        a, b = before["demo"].get(name), after["demo"].get(name)
        if a != b:
            yield f"demo, {name}: {a} was, {b} is"


def main() -> int:
    """Record, or compare with a recording; return 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=("make", "compare"))
    parser.add_argument("file", type=Path)
    arguments = parser.parse_args()
    if arguments.what == "make":
        made = record(scripts(), netlists())
        arguments.file.write_bytes(lzma.compress(json.dumps(made).encode()))
        return 0
    before = read(arguments.file)
    found = list(differences(before, record(before["said"], before["circuits"])))
    print("\n".join(found) or "nothing differs")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
