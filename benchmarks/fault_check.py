"""What a disturbed run must show: nothing acknowledged lost, nothing changed in silence, one line for humans."""

import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tsbench.extraction import extract
from tsbench.records import Flag, FloatArray, Point, Run, RunEvent
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.controller import LoopController
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.storage import codec
from tsbench.storage.record_data import point_crc

#: an error that nobody raised on purpose
_ALIEN = re.compile(r"(^|[;.] )[A-Z]\w*(Error|Exception|Interrupt)\b:")
#: whom or what the one line must name
_SUBJECT = re.compile(
    r"source|generator|scope|drive|pulser|bias|analyser|matrix|prober|load|tank|lakeshore|chuck|device|journal|disk|"
    r"run file|clock|\.nxs|\.tsj", re.IGNORECASE)
#: and what to do: an advice in a sentence of its own, or that nothing need be done
_ADVICE = re.compile(
    r"\. .*\b([Cc]heck|[Rr]epeat|[Cc]hoose|[Cc]orrect|[Mm]easure|make room|[Ff]ree|recover|[Ss]et it|[Ss]ee|[Ss]witch "
    r"it off|sent again)\b|was (sent|taken) again|read again|armed again|an earlier attempt to switch them off "
    r"failed|over a new connection",
    re.DOTALL)
_LONGEST = 700  #: characters of one line
#: of what an undisturbed run records: less is noise, jitter, one more reading's worth of drift
SAME = 0.3
#: [s] in which what was charged discharges through an input of 1 MOhm, and [V] that is left then at most
_AT_REST, _NO_VOLTAGE = 0.05, 1e-3
_QUANTILES = np.linspace(0.05, 0.95, 19)


def lost(run: Run, told: Sequence[RunEvent]) -> list[str]:
    """Return the acknowledged points and waveforms that a file does not hold, by number and checksum."""
    problems = []
    points = [event for event in told if event.kind == "point"]
    waveforms = [event for event in told if event.kind == "waveform"]
    for name, said, kept in (("points", points, len(run.points)), ("waveforms", waveforms, len(run.waveforms))):
        if len(said) != kept:
            problems.append(f"{len(said)} {name} were acknowledged, the file holds {kept}")
    for event in points:
        index = event.data["index"]
        if index < len(run.points):
            kept_point = Point(tuple(run.points[index].tolist()), Flag(int(run.point_flags[index])))
            if point_crc(kept_point) != event.data["crc"]:
                problems.append(f"point {index} is not the one that was acknowledged")
    for event in waveforms:
        index = event.data["index"]
        if index < len(run.waveforms):
            content = codec.array_bytes(run.waveforms[index].codes)[2]
            if zlib.crc32(content) != event.data["crc"]:
                problems.append(f"waveform {index} is not the one that was acknowledged")
    return problems


def left_on(witness: Path) -> list[str]:
    """Return the outputs that were switched on last, as the witness saw them."""
    states: dict[str, bool] = {}
    if witness.exists():
        for record in read_witness(witness).of_kind("output"):
            states[f"{record['instrument']}.{record['channel']}"] = bool(record["on"])
    return [output for output, on in states.items() if on]


def switched_on(witness: Path) -> list[str]:
    """Return the outputs that the witness saw on at any time: where none was, "all off" would say nothing."""
    records = read_witness(witness).of_kind("output")
    return sorted({f"{record['instrument']}.{record['channel']}" for record in records if record["on"]})


def driven(instruments: Mapping[str, VirtualInstrument]) -> list[str]:
    """Return the terminals of sources at which the circuit still has a voltage, whatever the instruments report."""
    bench = next(iter(instruments.values())).bench
    with bench.lock:
        bench.begin_message()
        bench.clock.wait(_AT_REST)
        bench.sync()
        places = {f"{name}.{terminal}": node for name, one in instruments.items() if one.output_states()
                  for terminal, node in one.placement.terminals.items() if node in bench.circuit.nodes}
        found = {place: bench.circuit.voltage(node) for place, node in places.items()}
    return [f"{place} at {volts:.3g} V" for place, volts in found.items() if abs(volts) > _NO_VOLTAGE]


def heaters_on(instruments: Mapping[str, VirtualInstrument]) -> list[str]:
    """Return the heaters of temperature controllers that are switched on; the witness calls none of them an output."""
    return [f"{name}.{number}" for name, one in instruments.items() if isinstance(one, LoopController)
            for number, loop in enumerate(one.loops, 1) if loop.range]


def unclear(line: str, on_purpose: str) -> str:
    """Return what one line for humans lacks: "" if it is one, names its subject and says what to do."""
    if "\n" in line or len(line) > _LONGEST:
        return f"not one line: {line!r}"
    if on_purpose in line or line.startswith(("stopped by the operator", "interrupted")):
        return ""  # whoever did it knows what to do
    if _ALIEN.search(line):
        return f"an error that nobody raised on purpose: {line!r}"
    if not _SUBJECT.search(line):
        return f"names neither instrument nor place: {line!r}"
    return "" if _ADVICE.search(line) else f"does not say what to do: {line!r}"


def new_flags(run: Run, clean: Run) -> list[str]:
    """Return the flags on points and waveforms that an undisturbed run does not have there."""
    found = 0
    for index, flags in enumerate(run.point_flags):
        found |= int(flags) & ~(int(clean.point_flags[index]) if index < len(clean.point_flags) else 0)
    for index, waveform in enumerate(run.waveforms):
        before = clean.waveforms[index].flags if index < len(clean.waveforms) else Flag.NONE
        found |= int(waveform.flags & ~before)
    return Flag(found).names()


def new_flags_of_results(run: Run, clean: Run) -> list[str]:
    """Return the flags on the results of a run that those of an undisturbed run do not have.

    A user gets the results at the end of a run. An example: a pulse did not fire, as chance may have it, and the
    oscilloscope cannot tell the current of the off state from that of an open device.
    """
    before, now = Flag.NONE, Flag.NONE
    for result in extract(clean):
        before |= result.flags
    for result in extract(run):
        now |= result.flags
    return (now & ~before).names()


def changed(run: Run, clean: Run) -> str:
    """Return in which way a run recorded something else than an undisturbed one; "" if it did not.

    Times on the bench's clock may differ. A value of a point may differ by ``SAME`` of this value (near zero: of a
    fiftieth of its column's span). The quantiles of a waveform may differ by ``SAME`` of its span, which is at least
    eight codes. Quantiles are compared because the phase of a waveform is arbitrary if nothing triggers.
    """
    if run.points.shape != clean.points.shape:
        return f"{len(run.points)} points in place of {len(clean.points)}"
    if len(run.waveforms) != len(clean.waveforms):
        return f"{len(run.waveforms)} waveforms in place of {len(clean.waveforms)}"
    for number, column in enumerate(run.header.columns):
        if column.name in {"time", "rest", "gap"}:
            continue
        now, before = run.points[:, number], clean.points[:, number]
        wrong = np.abs(now - before) > SAME * np.maximum(np.abs(before), 0.02 * np.ptp(before))
        if wrong.any() or np.isnan(now).any():
            return f"{column.name} {now[wrong][0]:g} in place of {before[wrong][0]:g}"
    for index, (now_wave, before_wave) in enumerate(zip(run.waveforms, clean.waveforms, strict=True)):
        for now_row, before_row in zip(_rows(now_wave.values()), _rows(before_wave.values()), strict=False):
            scale = max(abs(now_wave.scale), abs(before_wave.scale))  # a wider range is noisier
            apart = float(np.abs(now_row - before_row).max())
            if apart > SAME * max(float(np.ptp(before_row)), float(np.ptp(now_row)), 8 * scale):
                return f"waveform {index} ({now_wave.channel}) differs by {apart:.2g} {now_wave.unit}"
    return ""


def _rows(values: FloatArray) -> FloatArray:
    quantiles: FloatArray = np.quantile(values, _QUANTILES, axis=1).T
    return quantiles
