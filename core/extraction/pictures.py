"""Figures of a run, drawn from its raw data and what is extracted from them."""

from pathlib import Path

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

#: figures of single pulses and of single biases, at most
_MOST = 12


def draw_figures(run: Run, out: Path, options: ExtractionOptions | None = None) -> list[Path]:
    """Draw a run's figures into the folder ``out`` and return their paths.

    A sweep gives its I-V curve and, from eight half-cycles on, the distribution of its thresholds; a pulse
    train the first pulse of each amplitude; an oscillation each bias and frequency against bias; paired pulses the
    recovery and a relaxation its currents at each amplitude.
    """
    options = options or ExtractionOptions()
    drawings = {
        "iv_sweep": _sweep, "pulse_train": _pulses, "oscillation": _oscillations, "paired_pulse": _recoveries,
        "relaxation": _relaxations,
    }
    draw = drawings.get(run.header.protocol)
    return draw(run, out, options) if draw else []


def _title(run: Run, what: str) -> str:
    return f"{run.header.device.identifier}: {what}"


def _sweep(run: Run, out: Path, options: ExtractionOptions) -> list[Path]:
    from tsbench.analysis import figures

    events = sweep_switching(run, options)
    if not events:
        return []
    name, simulated = run.header.run_id, run.header.simulated
    paths = [
        figures.save(
            figures.sweep_figure(events, _title(run, "I-V sweep"), simulated), out / f"{name}_iv.png"
        )
    ]
    if len(events) >= 8:
        paths.append(
            figures.save(
                figures.threshold_distribution(events, _title(run, "threshold and hold"), simulated),
                out / f"{name}_thresholds.png",
            )
        )
    return paths


def _pulses(run: Run, out: Path, options: ExtractionOptions) -> list[Path]:
    from tsbench.analysis import figures

    paths: list[Path] = []
    drawn: set[float] = set()
    for record, segment, delay in pulse_delays(run, options):
        amplitude = float(record.conditions.get("amplitude", 0.0))
        if amplitude in drawn or len(drawn) >= _MOST or record.voltage is None or record.current is None:
            continue
        drawn.add(amplitude)
        figure = figures.pulse_figure(
            record.times,
            record.voltage[segment],
            record.current[segment],
            delay,
            _title(run, f"pulse of {format_quantity(amplitude, 'V')}"),
            run.header.simulated,
        )
        paths.append(figures.save(figure, out / f"{run.header.run_id}_pulse_{len(drawn)}.png"))
    return paths


def _oscillations(run: Run, out: Path, options: ExtractionOptions) -> list[Path]:
    from tsbench.analysis import figures

    paths: list[Path] = []
    name, simulated = run.header.run_id, run.header.simulated
    for number, (record, spikes, found) in enumerate(oscillation_records(run, options), start=1):
        if number > _MOST:
            break
        values, unit = (record.current, "A") if record.voltage is None else (record.voltage, "V")
        if values is None:
            continue
        bias = format_quantity(float(record.conditions.get("bias", 0.0)), "V")
        figure = figures.oscillation_figure(
            record.times,
            values[0],
            unit,
            spikes,
            found,
            _title(run, f"oscillation at a bias of {bias}"),
            simulated,
        )
        paths.append(figures.save(figure, out / f"{name}_bias_{number}.png"))
    biases, results = frequency_curve(extract(run, options))
    if len(results) > 1:
        figure = figures.frequency_figure(biases, results, _title(run, "frequency against bias"), simulated)
        paths.append(figures.save(figure, out / f"{name}_frequency.png"))
    return paths


def _recoveries(run: Run, out: Path, options: ExtractionOptions) -> list[Path]:
    from tsbench.analysis import figures

    paths: list[Path] = []
    for number, (amplitude, found) in enumerate(recoveries(pulse_pairs(run, options)).items(), start=1):
        title = _title(run, f"recovery after a pulse of {format_quantity(amplitude, 'V')}")
        figure = figures.recovery_figure(found, title, run.header.simulated)
        paths.append(figures.save(figure, out / f"{run.header.run_id}_recovery_{number}.png"))
    return paths[:_MOST]


def _relaxations(run: Run, out: Path, options: ExtractionOptions) -> list[Path]:
    from tsbench.analysis import figures
    from tsbench.analysis.relaxation import median_result

    shots = [
        (float(record.conditions["amplitude"]), record.times, record.current[0], found)
        for record, found in relaxations(run, options) if record.current is not None
    ]
    paths: list[Path] = []
    for number, amplitude in enumerate(sorted({amplitude for amplitude, *_ in shots})[:_MOST], start=1):
        mine = [(time, current, found) for one, time, current, found in shots if one == amplitude]
        median = median_result([found for *_, found in mine], {})
        title = _title(run, f"relaxation after a pulse of {format_quantity(amplitude, 'V')}")
        figure = figures.relaxation_figure(
            [shot for shot in mine if shot[2].fired], median, title, run.header.simulated)
        paths.append(figures.save(figure, out / f"{run.header.run_id}_relaxation_{number}.png"))
    return paths
