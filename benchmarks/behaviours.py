"""The 23 firing behaviours of Yi et al. with one VO2 device: ``python -m benchmarks.behaviours [--picture FILE]``.

Every behaviour's experiment (circuit, values and stimuli of ``simulated_backends/studies/neurons/behaviours.toml``; the
device is the catalogue's ``vo2`` in all of them) is run and put before all 23 rules of
:mod:`tsbench.analysis.behaviours.behaviours`. Rules look at what a generator was told and at the output voltage only.
Which experiment is which, they are not told; a rule that compares runs says no to an experiment without runs that it
could compare. Every rule asks for the return to rest at the end of every run.

Controls go through the same 23 experiments: every memristor a resistor; every memristor latched (300 Ohm between and
before the nodes, so that what has switched on stays on); and noise alone, white and slow, at the output.

Noise on the outputs, at three levels, is tried. The rules were written with these experiments at hand; ``--draws N``
tells how far they carry: every R and C of every circuit drawn anew N times within 2 % and 5 %.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import Line, report
from tsbench.analysis.behaviours.behaviours import BEHAVIOURS, recognised
from tsbench.analysis.behaviours.stimulated_run import StimulatedRecord
from tsbench.netlist import parse_value
from tsbench.simulated_backends.studies.neurons.experiments import Experiment, NeuronRecord, experiments, perform

LATCHING = "300"   #: [Ohm] of every load: the current of a rail through it keeps a device on
NOISE = 0.05   #: [V] rms of the noise control, half of its power slow
FEWEST, MOST_FALSE = 20, 2


def main() -> int:
    """Run, print the matrix, draw the picture where asked to; return 0 where both bars hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, help="draw stimulus and response of all experiments into this file")
    parser.add_argument("--draws", type=int, default=0, help="how often all values are drawn anew for each spread")
    arguments = parser.parse_args()
    records = {letter: perform(experiment) for letter, experiment in experiments().items()}
    matrix = {letter: recognised(_runs(r)) for letter, r in records.items()}
    controls = {name: frozenset[str]() for name in ("resistor", "latched", "noise")}
    for name, found in _controls(records):
        controls[name] |= found
    rest = sum(_ends_at_rest(r) for r in records.values())
    print(_table(matrix, controls))
    right = sum(letter in found for letter, found in matrix.items())
    wrong = [
        f"{letter} as {other}" for letter, found in (matrix | controls).items() for other in sorted(found - {letter})]
    if arguments.picture is not None:
        from benchmarks.behaviours_picture import draw

        draw(records, arguments.picture)
        sys.stderr.write(f"wrote {arguments.picture}\n")
    for level in (1e-3, 5e-3, 20e-3):
        print(_noisy(records, level))
    for spread in (0.02, 0.05):
        if arguments.draws:
            print(_robustness(spread, arguments.draws))
    missing = [letter for letter in BEHAVIOURS if letter not in matrix.get(letter, ())]
    return report("behaviours", "23 firing behaviours with one parameter set of VO2", [
        Line("behaviours recognised", f"{right} of 23" + (f" (not {', '.join(missing)})" if missing else ""),
             f"at least {FEWEST}", right >= FEWEST),
        Line("false positives of 23 rules in 23 experiments and 3 controls",
             f"{len(wrong)}" + (f" ({', '.join(wrong)})" if wrong else ""), f"at most {MOST_FALSE}",
             len(wrong) <= MOST_FALSE),
        Line("experiments in which every run ends at rest", f"{rest} of 23", "23", rest == 23),
    ])


def _runs(records: Sequence[NeuronRecord]) -> list[StimulatedRecord]:
    return [StimulatedRecord(r.time, r.stimulus, r.response) for r in records]


def _ends_at_rest(records: Sequence[NeuronRecord]) -> bool:
    """Return whether every run ends within a hundredth of its largest excursion from where it began."""
    largest = max(float(np.abs(r.response - r.response[0]).max()) for r in records)
    return all(abs(float(r.response[-1] - r.response[0])) < 0.01 * largest for r in records)


def _controls(records: Mapping[str, Sequence[NeuronRecord]]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield (control, what was recognised) for every experiment."""
    stream = np.random.default_rng(23)
    for letter, experiment in experiments().items():
        yield "resistor", recognised(_runs(perform(experiment, device="resistor")))
        yield "latched", recognised(_runs(perform(experiment, latching(experiment))))
        yield "noise", recognised([StimulatedRecord(r.time, r.stimulus, _noise(r.time, stream)) for r in
        records[letter]])


def latching(experiment: Experiment) -> dict[str, str]:
    """Return the values that make the loads of an experiment latch its devices."""
    loads = ("RL1", "RL2") if "yi_phasic" not in experiment.netlist else ("RL2",)
    return {name: LATCHING for name in (loads if experiment.netlist != "vo2_resonator" else ("RL1",))}


def _noise(time: np.ndarray, stream: np.random.Generator) -> np.ndarray:
    """Return white noise plus an Ornstein-Uhlenbeck process of a hundredth of the duration, both NOISE/sqrt(2)."""
    memory = np.exp(-np.diff(time, prepend=time[0]) / (0.01 * (time[-1] - time[0])))
    slow = np.empty(time.size)
    value = stream.standard_normal()
    for k, kick in enumerate(stream.standard_normal(time.size)):
        value = memory[k] * value + np.sqrt(1 - memory[k] ** 2) * kick
        slow[k] = value
    mixed: np.ndarray = NOISE / np.sqrt(2) * (slow + stream.standard_normal(time.size))
    return mixed


def _noisy(records: Mapping[str, Sequence[NeuronRecord]], level: float) -> str:
    """Return how many behaviours are recognised with white noise of ``level`` [V rms] on every response."""
    stream = np.random.default_rng(5)
    matrix = {
        letter: recognised([
            StimulatedRecord(r.time, r.stimulus, r.response + level * stream.standard_normal(r.time.size))
            for r in runs])
        for letter, runs in records.items()}
    missing = ", ".join(letter for letter in matrix if letter not in matrix[letter])
    wrong = ", ".join(f"{letter} as {other}" for letter in matrix for other in sorted(matrix[letter] - {letter}))
    return (f"With {1e3 * level:g} mV of noise on the output, not recognised: {missing or 'none'}. "
            f"False positives: {wrong or 'none'}.\n")


def _robustness(spread: float, draws: int) -> str:
    """Return how often each behaviour is recognised, and what else is, with R and C drawn uniformly within a share."""
    stream = np.random.default_rng(round(1000 * spread))
    right, wrong = dict.fromkeys(BEHAVIOURS, 0), list[str]()
    for letter, experiment in experiments().items():
        names = {k: v for k, v in experiment.all_values().items() if k[0] in "RC"}
        for _ in range(draws):
            values = {k: f"{parse_value(v) * (1 + spread * stream.uniform(-1, 1)):.6g}" for k, v in names.items()}
            found = recognised(_runs(perform(experiment, values)))
            right[letter] += letter in found
            wrong += [f"{letter} as {other}" for other in sorted(found - {letter})]
    below = ", ".join(f"{letter} ({count})" for letter, count in right.items() if count < draws)
    return (f"With R and C drawn {draws} times within {100 * spread:g} %, {sum(right.values())} of {23 * draws} "
            "experiments are recognised. " + (f"Recognised less than {draws} times: {below}. " if below else "")
            + f"False positives: {', '.join(wrong) or 'none'}.\n")


def _table(matrix: Mapping[str, frozenset[str]], controls: Mapping[str, frozenset[str]]) -> str:
    """Return the matrix as Markdown: a row per experiment, a column per rule."""
    head = "| experiment | " + " | ".join(BEHAVIOURS) + " |"
    lines = [head, "|" + "---|" * (len(BEHAVIOURS) + 1)]
    for letter, found in (*matrix.items(), *controls.items()):
        name = f"{letter} {BEHAVIOURS[letter]}" if letter in BEHAVIOURS else f"control: {letter}"
        lines.append(f"| {name} | " + " | ".join("1" if other in found else "." for other in BEHAVIOURS) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
