"""The page of a study: what was measured, how many intervals contain the truth, the picture, every number."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.report import INFORMATION, Line, heading
from benchmarks.study.materials import Material
from benchmarks.study.rows import Count, Row
from tsbench.quantities import CONDITION_UNITS, format_quantity, short_quantity

LEAST = 0.9  #: share of the intervals that contain the truth
LEAST_SURE = 0.8  #: share of the numbers of a step that have an interval and no flag of doubt
MOST_UNDECIDED = 1 / 3  #: share of the verdicts of a step that may be "not decided"
_UNITS = {"temperature": "K", "amplitude": "V", "gap": "s", "bias": "V", "load_resistance": "Ohm", "base": "V",
          "compliance": "A", **CONDITION_UNITS}
_DIGITS = 5
_WORDS = {1.0: "yes", 0.0: "no"}
_PANELS = """The picture has twelve panels. A cross is the truth, and a bar is a 95 % interval. A triangle is a bound,
where no more is known: the value is above a triangle that points up, and below one that points down.

* **a** The first cycle of every device. The dashed line is the load line of the set-point at which the first device
  switches.
* **b** The share of the cycles whose threshold voltage is below a value. Each line is a device.
* **c, d** Hold voltage against compliance, threshold voltage against temperature.
* **e, f** Switching delay against amplitude, and against overvoltage with the power of the fitted line.
* **g** Relaxation time against amplitude.
* **h** The share of second pulses that fire against the gap. The lines are the truth. A shaded band is the interval of
  the refractory period.
* **i, j** Frequency and energy per spike against the bias. Each colour is a load.
* **k** The highest current of the first spike of a step against its amplitude. Each colour is a circuit.
* **l** The verdicts on the functions of a neuron, and the truth in brackets.
"""
_VERDICTS = ("all_or_nothing", "threshold_driven", "refractory", "strength_modulated_frequency")


def judged(rows: Sequence[Row | Count], exceptions: Mapping[str, tuple[float, str]] | None = None) -> list[Line]:
    """Return the lines that judge each step.

    Of the intervals without a flag of doubt, 90 % must contain the truth, and of the bounds, 90 % must hold. Flags are
    no way out: 80 % of the numbers must have an interval without a flag of doubt. A number whose error is that of
    another one counts once.

    Parameters
    ----------
    rows : what the steps gave
    exceptions : of a step, its single numbers ("single hold voltages"), or its verdicts ("neuron, verdicts"), another
        share than these and its reason
    """
    excused, lines = exceptions or {}, list[Line]()
    for step in dict.fromkeys(row.step for row in rows):
        mine = [row for row in rows if isinstance(row, Row) and row.step == step]
        for count in (row for row in rows if isinstance(row, Count) and row.step == step):
            lines += _of_many(count, excused)
        lines += _of_numbers(step, [row for row in mine if row.quantity not in _VERDICTS and not row.copied], excused)
        lines += _of_verdicts(step, [row for row in mine if row.quantity in _VERDICTS], excused)
    return lines


def _of_many(count: Count, excused: Mapping[str, tuple[float, str]]) -> list[Line]:
    """Return the lines of many numbers of one kind."""
    name, every = f"{count.step}: {count.what}", count.known + count.doubted + count.flagged
    lines = [Line(f"{name}, intervals that contain the truth",
                  f"{count.inside} of {count.known} ({count.flagged} without a value or a truth)",
                  f">= {LEAST:.0%}", count.inside >= LEAST * count.known)] if count.known else []
    lines.append(_enough(name, count.known, every, excused.get(count.what)))
    if count.doubted:
        lines.append(Line(f"{name} with a flag of doubt, intervals that do not contain the truth",
                          f"{count.doubted - count.doubted_inside} of {count.doubted}", INFORMATION, True))
    return lines


def _enough(name: str, sure: int, every: int, exception: tuple[float, str] | None) -> Line:
    """Return the line that asks for enough numbers with an interval and without doubt."""
    least, why = (LEAST_SURE, "") if exception is None else (exception[0], f" (exception: {exception[1]})")
    return Line(f"{name}, with an interval and without a flag of doubt{why}", f"{sure} of {every}",
                f">= {least:.0%}" if least else INFORMATION, not least or (every > 0 and sure >= least * every))


def _of_numbers(step: str, mine: Sequence[Row], excused: Mapping[str, tuple[float, str]]) -> Iterator[Line]:
    """Yield the lines of the single numbers of a step, of which the truth is known."""
    known = [row for row in mine if row.truth is not None]
    sure = [row for row in known if row.inside is not None and not row.doubted]
    if sure:
        inside = sum(bool(row.inside) for row in sure)
        yield Line(f"{step}: intervals that contain the truth", f"{inside} of {len(sure)}", f">= {LEAST:.0%}",
                   inside >= LEAST * len(sure))
    if mine:
        yield _enough(f"{step}: numbers", len(sure), len(known), excused.get(step))
    bounds = [row for row in known if row.is_bound and not row.doubted]
    if bounds:
        held = sum(bool(row.holds) for row in bounds)
        yield Line(f"{step}: bounds that hold, where only one end is known", f"{held} of {len(bounds)}",
                   f">= {LEAST:.0%}", held >= LEAST * len(bounds))
    doubted = [row for row in known if row.holds is not None and row.doubted]
    if doubted:
        wrong = [row for row in doubted if not row.holds]
        said = f": {', '.join(dict.fromkeys(row.quantity.replace('_', ' ') for row in wrong))}" if wrong else ""
        yield Line(f"{step}: numbers with a flag of doubt that do not contain the truth",
                   f"{len(wrong)} of {len(doubted)}{said}", INFORMATION, True)
    silent = sum(row.holds is None and row.value is None for row in mine)
    if silent:
        yield Line(f"{step}: numbers without a value", str(silent), INFORMATION, True)


def _of_verdicts(step: str, mine: Sequence[Row], excused: Mapping[str, tuple[float, str]]) -> Iterator[Line]:
    """Yield the lines of the verdicts of a step."""
    if not mine:
        return
    decided = [row for row in mine if row.value is not None]
    right, undecided = sum(row.value == row.truth for row in decided), len(mine) - len(decided)
    yield Line(f"{step}: decided verdicts that agree with the circuit without noise", f"{right} of {len(decided)}",
               "all", bool(decided) and right == len(decided))
    most, why = excused.get(f"{step}, verdicts", (MOST_UNDECIDED, ""))
    yield Line(f"{step}: verdicts that are not decided" + f" (exception: {why})" * bool(why),
               f"{undecided} of {len(mine)}", f"at most {most:.0%}", undecided <= most * len(mine))


def tables(rows: Sequence[Row | Count]) -> Iterator[str]:
    """Yield a table in Markdown for each step."""
    for step in dict.fromkeys(row.step for row in rows):
        mine = [row for row in rows if isinstance(row, Row) and row.step == step]
        if not mine:
            continue
        yield ""
        yield f"### {step}"
        yield ""
        yield "| quantity | conditions | value | 95 % interval | truth | contained? | flags |"
        yield "|---|---|---|---|---|---|---|"
        for row in mine:
            yield "| " + " | ".join(_cells(row)) + " |"


def _cells(row: Row) -> list[str]:
    conditions = ", ".join(f"{name.replace('_', ' ')} {_condition(name, value)}"
                           for name, value in row.conditions.items())
    words = row.quantity.replace("_", " ")
    flags = ", ".join(row.flags.names())
    if row.quantity in _VERDICTS:
        agree = "-" if row.value is None or row.truth is None else "yes" if row.value == row.truth else "**no**"
        return [words, conditions, _verdict(row.value), "-", _verdict(row.truth), agree, flags]
    inside = {None: "-", True: "bound" if row.is_bound else "yes", False: "**no**"}[row.holds]
    value, low, high, truth = (_number(one, row.unit) for one in (row.value, row.low, row.high, row.truth))
    return [words, conditions, value, "-" if low == high == "-" else f"{low} to {high}", truth, inside, flags]


def _condition(name: str, value: float | str) -> str:
    if isinstance(value, str):
        return value
    unit = _UNITS.get(name, "")
    return format_quantity(value, unit, 4) if unit else f"{value:g}"


def _verdict(value: float | None) -> str:
    return "not decided" if value is None else _WORDS[value]


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    return format_quantity(value, unit, _DIGITS) if unit and unit != "1/V" else f"{value:.{_DIGITS}g} {unit}".strip()


def circuits(material: Material) -> str:
    """Return the table of the steps in Markdown, with protocol, circuit and panels of each."""
    shunt = f"shunt of {short_quantity(material.shunt, 'Ohm')}"
    swept, pulsed = (f"{source}, {short_quantity(load, 'Ohm')} in series, {shunt}, 80 pF across device and shunt"
                     for source, load in (("source meter", material.sweep_load), ("generator", material.pulse_load)))
    loads = ", ".join(short_quantity(load, "Ohm") for load in material.loads)
    capacitance = short_quantity(material.oscillator.capacitance, "F")
    neurons = "; ".join(dict.fromkeys(circuit.name for circuit, _ in material.neurons))
    rows = (
        ("I-V sweeps", "iv_sweep", swept, "a, b"), ("hold", "iv_sweep", f"{swept}; other compliances", "c"),
        ("temperature", "temperature_series", swept, "d"), ("delay", "pulse_train", pulsed, "e, f"),
        ("relaxation", "relaxation", pulsed, "g"), ("refractory", "paired_pulse", pulsed, "h"),
        ("oscillation", "oscillation_map", f"generator, loads of {loads}, {shunt}, {capacitance}", "i, j"),
        ("neuron", "neuron", f"generator, load and capacitance ({neurons}), {shunt}", "k, l"))
    lines = "\n".join(f"| {step} | `{protocol}` | {circuit} | {panel} |" for step, protocol, circuit, panel in rows)
    return f"| step | protocol | circuit | panel |\n|---|---|---|---|\n{lines}\n"


def page(
    material: Material, rows: Sequence[Row | Count], figure: Path | None, missing: Sequence[str], devices: int,
    cycles: int,
) -> str:
    """Return the page in Markdown; ``missing`` are the steps that were left out."""
    shown = "" if figure is None else f"\n![study of {material.name}](../pictures/{figure.name})\n"
    left = f"This page is a part of the study. These steps are missing: {', '.join(missing)}.\n\n" if missing else ""
    swept = f"with {devices} devices and {cycles} cycles for the I-V statistics and " if "sweeps" not in missing else ""
    lines = "\n".join(f"| {line.figure} | {line.measured} | {line.bar} | "
                      f"{'FAIL' if not line.passed else '-' if line.bar == INFORMATION else 'pass'} |"
                      for line in judged(rows, material.exceptions))
    cause = "\n".join(f"* {line}" for line in material.remarks)
    varies = (f"one parameter of the [model](../devices/{material.model}.md), `{material.cycles}` in the "
              "[world file](../world.md)") if material.cycles else "the model of the filament"
    text = "\n".join(tables(rows))
    return f"""# A study of the device {material.model}

*Reference: does the bench give the numbers that a paper about devices like `{material.model}` prints, and do their
intervals contain the truth? `python -m benchmarks.study {material.name} --page` measures the study, and writes this
page and its picture.*

{left}The study has the numbers that a paper about one kind of device prints. All of them are measured on the
simulated bench, {swept}with one device for the other steps.
Each number has its 95 % interval and the truth. The witness gives the truth of the very same events. A refractory
period and a function of a neuron are properties of the circuit. Their truth is simulated without noise and without
instruments.

* The thresholds vary from cycle to cycle by {varies}. Devices differ by the spread in the
  [catalogue](../devices/README.md).
* A *flag of doubt* says that a number may be wrong: `ambiguous`, `too_few`, `clipped`, and `under_sampled`. Where two
  levels bracket a number (threshold and hold voltage, onset and end, firing threshold), `under_sampled` says only that
  the interval is wide, and is no flag of doubt. Numbers with a flag of doubt do not count as right. At most a fifth of
  the numbers of a step may have one, or no interval.
* *contained?* is "yes" if the interval contains the truth. "bound" means that only one end is known, and that it holds.
  "-" means that the bench gives no interval, or that the simulation gives no truth.
* The overvoltages have one error, that of the threshold. They count once.
* The oscillator has one device whose parameters do not vary from cycle to cycle.
* The amplitude of the generator counts as it was set. Its error is not in the intervals.
{cause}

{circuits(material)}
{_PANELS}{shown}
{heading(f"study {material.name} --page", f"study of {material.name}")}
| quantity | measured | required | verdict |
|---|---|---|---|
{lines}

## Every number
{text}
"""
