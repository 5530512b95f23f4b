"""Figures of a run, drawn from its raw data and what is extracted from them."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tsbench.extraction.found import draw_all
from tsbench.extraction.options import ExtractionOptions
from tsbench.extraction.pulses import pulse_delays, pulse_pairs, recoveries, relaxations
from tsbench.extraction.runs import (
    extract,
    frequency_curve,
    oscillation_records,
    sweep_switching,
)
from tsbench.quantities import format_quantity
from tsbench.records import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: figures of single pulses and of single biases, at most
_MOST = 12


def draw_figures(
    run: Run, out: Path, options: ExtractionOptions | None = None, problem: Callable[[str], None] | None = None
) -> list[Path]:
    """Draw a run's figures into the folder ``out`` and return their paths.

    A sweep gives its I-V curve and, from eight half-cycles on, the distribution of its thresholds; a pulse
    train the first pulse of each amplitude; an oscillation each bias and frequency against bias; paired pulses the
    recovery and a relaxation its currents at each amplitude.

    Parameters
    ----------
    run : as read back
    out : folder; made if missing
    options : choices of the extraction
    problem : called with one line for each figure that could not be drawn; the others are drawn all the same
    """
    options = options or ExtractionOptions()
    drawings = {
        "iv_sweep": _sweep, "pulse_train": _pulses, "oscillation": _oscillations, "paired_pulse": _recoveries,
        "relaxation": _relaxations,
    }
    draw = drawings.get(run.header.protocol)
    if draw is None:
        return []
    made = draw_all((out / f"{run.header.run_id}_{name}.png", figure) for name, figure in draw(run, options))
    for line in made.problems:
        if problem is not None:
            problem(line)
    return made.paths


#: what a figure is called after the run, and what draws it
_Named = tuple[str, Callable[[], "Figure"]]


def _title(run: Run, what: str) -> str:
    return f"{run.header.device.identifier}: {what}"


def _sweep(run: Run, options: ExtractionOptions) -> Iterator[_Named]:
    from tsbench.analysis import figures

    events = sweep_switching(run, options)
    if not events:
        return
    simulated = run.header.simulated
    yield "iv", lambda: figures.sweep_figure(events, _title(run, "I-V sweep"), simulated)
    if len(events) >= 8:
        yield "thresholds", lambda: figures.threshold_distribution(
            events, _title(run, "threshold and hold"), simulated)


def _pulses(run: Run, options: ExtractionOptions) -> Iterator[_Named]:
    from tsbench.analysis import figures

    drawn: set[float] = set()
    for record, segment, delay in pulse_delays(run, options):
        amplitude = float(record.conditions.get("amplitude", 0.0))
        if amplitude in drawn or len(drawn) >= _MOST or record.voltage is None or record.current is None:
            continue
        drawn.add(amplitude)
        yield f"pulse_{len(drawn)}", partial(
            figures.pulse_figure,
            record.times,
            record.voltage[segment],
            record.current[segment],
            delay,
            _title(run, f"pulse of {format_quantity(amplitude, 'V')}"),
            run.header.simulated,
        )


def _oscillations(run: Run, options: ExtractionOptions) -> Iterator[_Named]:
    from tsbench.analysis import figures

    simulated = run.header.simulated
    for number, (record, spikes, found) in enumerate(oscillation_records(run, options), start=1):
        if number > _MOST:
            break
        values, unit = (record.current, "A") if record.voltage is None else (record.voltage, "V")
        if values is None:
            continue
        bias = format_quantity(float(record.conditions.get("bias", 0.0)), "V")
        yield f"bias_{number}", partial(
            figures.oscillation_figure,
            record.times,
            values[0],
            unit,
            spikes,
            found,
            _title(run, f"oscillation at a bias of {bias}"),
            simulated,
        )
    biases, results = frequency_curve(extract(run, options))
    if len(results) > 1:
        yield "frequency", lambda: figures.frequency_figure(
            biases, results, _title(run, "frequency against bias"), simulated)


def _recoveries(run: Run, options: ExtractionOptions) -> Iterator[_Named]:
    from tsbench.analysis import figures

    for number, (amplitude, found) in enumerate(recoveries(pulse_pairs(run, options)).items(), start=1):
        if number > _MOST:
            break
        title = _title(run, f"recovery after a pulse of {format_quantity(amplitude, 'V')}")
        yield f"recovery_{number}", partial(figures.recovery_figure, found, title, run.header.simulated)


def _relaxations(run: Run, options: ExtractionOptions) -> Iterator[_Named]:
    from tsbench.analysis import figures
    from tsbench.analysis.relaxation.relaxation import median_result

    shots = [
        (float(record.conditions["amplitude"]), record.times, record.current[0], found)
        for record, found in relaxations(run, options) if record.current is not None
    ]
    for number, amplitude in enumerate(sorted({amplitude for amplitude, *_ in shots})[:_MOST], start=1):
        mine = [(time, current, found) for one, time, current, found in shots if one == amplitude]
        title = _title(run, f"relaxation after a pulse of {format_quantity(amplitude, 'V')}")
        yield f"relaxation_{number}", partial(
            figures.relaxation_figure, [shot for shot in mine if shot[2].fired],
            median_result([found for *_, found in mine], {}), title, run.header.simulated)
