"""The lists of records: what is measured on which device, with which instruments.

``records.jsonl`` and ``held_out.jsonl`` are the lists, one JSON object a line. Each was drawn once (``python -m
benchmarks.truth.records --draw NAME``) and stays as it is while extractors change: its SHA-256 stands in
docs/evidence/truth.md, and a test compares them. Faults of extractors were found with the first list. The records of
the second list are not used to change an extractor.

Records that cannot be known for the reason "clipped" or "coarse" are measured as usual, and then clipped over the event
or thinned out until an edge has at most two samples (:mod:`.spoiling`).
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.pairs.cells import GENERATOR, SCOPE, SOURCE_METER, models
from benchmarks.truth.population import KINDS, Bounds, Kind

#: records of pulse pairs that measure the same circuit, so that its period is simulated once
ALIKE = 6
_NPLC = (0.01, 0.1, 1.0)


@dataclass(frozen=True)
class TruthRecord:
    """One run: which device, in which circuit, by which instruments, with which parameters; V, A, Ohm, s, F."""

    number: int
    model: str  #: of the catalogue
    device_seed: int  #: draws the device from the device-to-device variation
    device_parameters: Mapping[str, float]  #: factors of catalogue values, beside what the seed draws
    seed: int  #: of the world
    protocol: str
    parameters: Mapping[str, Any]
    source: str  #: virtual instrument
    scope: str  #: virtual instrument; "" without
    netlist: str  #: between ``source`` and ``dut``
    shunt: float
    limits: tuple[float, float]  #: [V], [A] of the device
    cannot_be_known: str = ""  #: why, "" if it may be known


@dataclass(frozen=True)
class TruthList:
    """A list that was drawn once.

    Parameters
    ----------
    name : of its file
    seed : from which it is drawn
    first : number of its first record; no two lists share a number
    counts : records of each protocol
    hopeless : records in which a quantity cannot be known, by protocol and reason
    """

    name: str
    seed: int
    first: int
    counts: Mapping[str, int]
    hopeless: Mapping[tuple[str, str], int]

    @property
    def file(self) -> Path:
        """Return where it is stored."""
        return Path(__file__).with_name(f"{self.name}.jsonl")

    def load(self) -> list[TruthRecord]:
        """Return its records as they are stored."""
        return [TruthRecord(**{**row, "limits": tuple(row["limits"])})
                for row in map(json.loads, self.file.read_text("utf-8").splitlines())]

    def sha256(self) -> str:
        """Return the hash of its file."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()


#: with it, faults of extractors were found and mended
FIRST = TruthList("records", 20261130, 0, {
    "iv_sweep": 480, "pulse_train": 400, "oscillation": 190, "relaxation": 400, "paired_pulse": 460}, {
    ("iv_sweep", "no event"): 300, ("iv_sweep", "event within the noise"): 240,
    ("pulse_train", "no event"): 70, ("pulse_train", "clipped"): 70, ("pulse_train", "coarse"): 70,
    ("oscillation", "no event"): 90, ("oscillation", "clipped"): 90, ("oscillation", "coarse"): 90})
#: it tells whether what was mended holds for other records, too
HELD_OUT = TruthList("held_out", 20261202, 10_000, {
    "iv_sweep": 170, "pulse_train": 68, "oscillation": 168, "relaxation": 60, "paired_pulse": 60}, {
    ("iv_sweep", "no event"): 34, ("iv_sweep", "event within the noise"): 34,
    ("pulse_train", "no event"): 17, ("pulse_train", "clipped"): 17, ("pulse_train", "coarse"): 17,
    ("oscillation", "no event"): 16, ("oscillation", "clipped"): 16, ("oscillation", "coarse"): 16})
LISTS = {one.name: one for one in (FIRST, HELD_OUT)}


def load() -> list[TruthRecord]:
    """Return the records of both lists."""
    return [record for one in LISTS.values() for record in one.load()]


def drawn_device(record: TruthRecord) -> tuple[object, ...]:
    """Return what tells devices apart: a model that nothing varies is one device."""
    from tsbench.simulated_backends.devices.catalogue import catalogue

    seed = record.device_seed if catalogue()[record.model].variability else 0
    return record.model, seed, *record.device_parameters.values()


def _log(rng: np.random.Generator, bounds: Bounds, digits: int = 3) -> float:
    """Draw evenly in the logarithm; few digits, as people write numbers."""
    return float(f"{np.exp(rng.uniform(*np.log(bounds))):.{digits}g}")


def _kinds_for(protocol: str) -> list[Kind]:
    """Return the kinds that are measured by a protocol."""
    if protocol == "oscillation":
        return [kind for kind in KINDS if kind.bias is not None]
    if protocol == "relaxation":
        return [kind for kind in KINDS if kind.window is not None]
    if protocol == "paired_pulse":
        return [kind for kind in KINDS if kind.gaps is not None]
    return list(KINDS)


def _sweep(kind: Kind, rng: np.random.Generator) -> dict[str, Any]:
    stop = kind.threshold * _log(rng, kind.sweep_stop)
    return {"stop": float(f"{stop:.3g}"), "points": int(rng.integers(80, 500)),
            "compliance": _log(rng, kind.compliance), "nplc": float(rng.choice(_NPLC)),
            "cycles": 1, "both_polarities": bool(rng.random() < 0.3)}


def _pulses(kind: Kind, rng: np.random.Generator) -> dict[str, Any]:
    amplitude = float(f"{kind.threshold * _log(rng, kind.amplitude):.3g}")
    return {"amplitude": [amplitude], "width": kind.width, "period": float(f"{kind.width + kind.rest:.3g}"),
            "count": int(rng.integers(8, 17))}


def _oscillation(kind: Kind, rng: np.random.Generator) -> dict[str, Any]:
    assert kind.bias is not None
    return {"bias": sorted({_log(rng, kind.bias) for _ in range(2)}), "longest_period": kind.longest_period,
            "periods": int(rng.integers(20, 60)), "compliance": kind.limits[1]}


def _relaxation(kind: Kind, rng: np.random.Generator) -> dict[str, Any]:
    assert kind.window is not None
    return {"amplitude": [float(f"{kind.threshold * _log(rng, kind.amplitude):.3g}")], "width": kind.width,
            "base": float(f"{0.1 * kind.threshold:.2g}"), "window": kind.window, "rest": kind.rest,
            "repeats": int(rng.integers(8, 15)), "fraction": float(f"{rng.uniform(0.3, 0.7):.2f}")}


def _pairs(kind: Kind, rng: np.random.Generator) -> dict[str, Any]:
    assert kind.gaps is not None
    return {"amplitude": [float(f"{kind.threshold * _log(rng, kind.amplitude):.3g}")], "width": kind.width,
            "base": float(f"{0.1 * kind.threshold:.2g}"), "shortest": kind.gaps[0], "longest": kind.gaps[1],
            **_pairs_of_record(kind, rng)}


def _pairs_of_record(kind: Kind, rng: np.random.Generator) -> dict[str, Any]:
    return {"points": int(rng.integers(8, 15)), "repeats": int(rng.integers(8, 17)), "rest": kind.rest,
            "seed": int(rng.integers(1, 10**6))}


_DRAWN = {"iv_sweep": _sweep, "pulse_train": _pulses, "oscillation": _oscillation, "relaxation": _relaxation,
          "paired_pulse": _pairs}


def _hopeless(kind: Kind, protocol: str, reason: str, parameters: dict[str, Any], rng: np.random.Generator) -> None:
    """Change the parameters so that the quantity cannot be known for that reason."""
    if reason == "no event" and protocol == "iv_sweep":
        parameters["stop"] = float(f"{kind.threshold * rng.uniform(0.3, 0.75):.3g}")
    elif reason == "event within the noise":
        parameters["compliance"] = float(f"{kind.compliance[0] * 10.0 ** rng.uniform(-4, -2.5):.2g}")
    elif reason == "no event" and protocol == "pulse_train":
        parameters["amplitude"] = [float(f"{kind.threshold * rng.uniform(0.3, 0.75):.3g}")]
    elif reason == "no event":
        parameters["bias"] = [float(f"{kind.threshold * rng.uniform(0.3, 0.8):.3g}")]


def _record(
    number: int, protocol: str, kind: Kind, rng: np.random.Generator, instruments: Mapping[str, list[str]],
    reason: str = "",
) -> TruthRecord:
    parameters = _DRAWN[protocol](kind, rng)
    _hopeless(kind, protocol, reason, parameters, rng)
    probe = float(rng.choice((15e-12, 80e-12, 150e-12)))   # [F] of cable and probe
    if protocol == "oscillation":
        netlist = f"R_s source dut {_log(rng, kind.load):g}\nC_l dut 0 {_log(rng, kind.capacitance):g}"
    else:
        load = _log(rng, kind.sweep_load) if protocol == "iv_sweep" else kind.pulse_load
        netlist = f"R_s source dut {load:g}\nC_p dut 0 {probe:g}"
    sources = instruments[GENERATOR] if protocol not in {"iv_sweep", "oscillation"} else instruments[SOURCE_METER]
    if protocol == "oscillation" and rng.random() < 0.5 and (kind.bias or (0.0, 0.0))[1] < 5.0:
        sources = instruments[GENERATOR]
    needs_scope = protocol != "iv_sweep"
    return TruthRecord(
        number=number, model=kind.model, device_seed=int(rng.integers(1, 10**6)),
        device_parameters={name: float(f"{np.exp(rng.normal(0.0, sigma)):.4g}")
                           for name, sigma in kind.factors.items()},
        seed=int(rng.integers(1, 10**6)), protocol=protocol, parameters=parameters, source=str(rng.choice(sources)),
        scope=str(rng.choice(instruments[SCOPE])) if needs_scope else "", netlist=netlist, shunt=kind.shunt,
        limits=kind.limits, cannot_be_known=reason)


def _alike(
    number: int, like: TruthRecord, kind: Kind, rng: np.random.Generator, instruments: Mapping[str, list[str]],
) -> TruthRecord:
    """Draw other instruments and other pairs for the same circuit."""
    return replace(
        like, number=number, seed=int(rng.integers(1, 10**6)), source=str(rng.choice(instruments[GENERATOR])),
        scope=str(rng.choice(instruments[SCOPE])), parameters={**like.parameters, **_pairs_of_record(kind, rng)})


def drawn(which: TruthList) -> Iterator[TruthRecord]:
    """Draw a list."""
    rng, number = np.random.default_rng(which.seed), which.first
    instruments = {
        one: [model.name for family in models(one) for model in family] for one in (SOURCE_METER, GENERATOR, SCOPE)}
    wanted = [((protocol, ""), count) for protocol, count in which.counts.items()] + list(which.hopeless.items())
    for (protocol, reason), count in wanted:
        kinds = _kinds_for(protocol)
        last: dict[str, TruthRecord] = {}
        for k in range(count):
            kind = kinds[k % len(kinds)]
            if protocol == "paired_pulse" and k // len(kinds) % ALIKE:
                last[kind.model] = _alike(number, last[kind.model], kind, rng, instruments)
            else:
                last[kind.model] = _record(number, protocol, kind, rng, instruments, reason)
            yield last[kind.model]
            number += 1


def main() -> int:
    """Draw a list, or print the hash of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draw", choices=LISTS, help="replace this list by a new one")
    if name := parser.parse_args().draw:
        LISTS[name].file.write_text("".join(f"{json.dumps(asdict(one))}\n" for one in drawn(LISTS[name])), "utf-8")
    for one in LISTS.values():
        sys.stdout.write(f"{one.name}: {len(one.load())} records, SHA-256 {one.sha256()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
