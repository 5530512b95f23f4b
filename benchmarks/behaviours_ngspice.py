"""The 23 firing behaviours in ngspice: ``python -m benchmarks.behaviours_ngspice [LETTERS]`` (some minutes).

The same netlists with the generated device library, the same rules. ngspice often gives up on these circuits
("timestep too small"); settings are tried in turn until one gets to the end. Where none does, there is nothing to
compare, and that is told. Ours are at rtol 1e-9.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import Line, report
from tsbench.analysis.behaviours.behaviours import BEHAVIOURS, recognised
from tsbench.analysis.behaviours.stimulated_run import StimulatedRecord, responses
from tsbench.simulated_backends.devices.devices_lib import write_devices_lib
from tsbench.simulated_backends.studies.neurons.experiments import Experiment, StimulatedRun, experiments, perform

#: (options, steps at least per run), in the order in which they are tried
SETTINGS = (
    ("reltol=1e-5 abstol=1e-10 vntol=1e-7 itl4=200 method=gear", 200_000),
    ("reltol=1e-5 abstol=1e-9 vntol=1e-6 itl4=300 method=gear", 100_000),
    ("reltol=1e-4 abstol=1e-9 vntol=1e-6 itl4=100 method=gear", 100_000),
    ("reltol=1e-4 abstol=1e-9 vntol=1e-6 itl4=100 method=gear", 20_000),
    ("reltol=1e-4 abstol=1e-9 vntol=1e-6 itl4=100 method=gear", 300_000),
    ("reltol=1e-4 abstol=1e-8 vntol=1e-5 itl4=500 chgtol=1e-12 method=gear", 100_000),
    ("reltol=3e-4 abstol=1e-9 vntol=1e-6 itl4=300 method=gear", 70_000),
)
RTOL = 1e-9
TOLERANCE = 0.005   #: of a spike's time, over the duration of its train


def main() -> int:
    """Run, print the table; return 0 where what ngspice finished agrees."""
    letters = sys.argv[1] if len(sys.argv) > 1 else "".join(BEHAVIOURS)
    lines, unfinished = [], []
    for letter in letters:
        runs = in_ngspice(experiments()[letter])
        if runs is None:
            unfinished.append(letter)
            continue
        theirs = responses(runs)
        records = perform(experiments()[letter], rtol=RTOL)
        ours = responses([StimulatedRecord(r.time, r.stimulus, r.response) for r in records])
        counts = [[r.spikes.size for r in group] for group in (ours, theirs)]
        apart = max((
            float(np.abs(a.spikes - b.spikes).max() / (b.spikes[-1] - b.run.time[0]))
            for a, b in zip(ours, theirs, strict=True) if a.spikes.size == b.spikes.size > 0), default=0.0)
        found = recognised(runs)
        lines.append(Line(
            f"{letter} {BEHAVIOURS[letter]}",
            f"recognised as {', '.join(sorted(found)) or 'nothing'}; spikes {counts[1]}, in tsbench {counts[0]}; "
            f"times within {100 * apart:.3f} %",
            f"{letter}; {100 * TOLERANCE:g} %", found == {letter} and counts[0] == counts[1] and apart < TOLERANCE))
        sys.stderr.write(f"{lines[-1]}\n")
    code = report("behaviours_ngspice", "firing behaviours in ngspice, judged by the same rules", lines)
    print(f"\nngspice did not finish these experiments with any of {len(SETTINGS)} settings: {', '.join(unfinished)}."
          if unfinished else "\nngspice finished all experiments.")
    return code


def in_ngspice(experiment: Experiment, settings: Sequence[tuple[str, int]] = SETTINGS) -> list[StimulatedRecord] | None:
    """Return the runs of an experiment by ngspice, None where no setting finishes one of them."""
    runs = []
    for run in experiment.runs:
        attempts = (_attempt(experiment, run, options, steps) for options, steps in settings)
        found = next((attempt for attempt in attempts if attempt is not None), None)
        if found is None:
            return None
        runs.append(found)
    return runs


def _attempt(experiment: Experiment, run: StimulatedRun, options: str, steps: int) -> StimulatedRecord | None:
    card = f".options {options}\n.tran {run.stop / 2000:.9g} {run.stop:.9g} 0 {run.stop / steps:.6g}"
    text = re.sub(r"(?m)^\.tran .*$", card, experiment.netlist_of(run))
    with tempfile.TemporaryDirectory() as folder:
        write_devices_lib(Path(folder) / "devices.lib")
        (Path(folder) / "run.cir").write_text(text, "utf-8")
        subprocess.run(["ngspice", "-b", "-r", "run.raw", "run.cir"], cwd=folder, capture_output=True, timeout=300,
                       check=False)
        raw = Path(folder) / "run.raw"
        content = raw.read_bytes() if raw.exists() else b""
    columns = _columns(content)
    if columns is None or columns[0][-1] < 0.9999 * run.stop:
        return None
    return StimulatedRecord(*columns)


def _columns(content: bytes) -> Sequence[np.ndarray] | None:
    """Return time, v(in), v(out) of a raw file."""
    head, mark, data = content.partition(b"Binary:\n")
    if not mark or not data:
        return None
    names = re.findall(r"^\t\d+\t(\S+)", head.decode(), re.M)
    table = np.frombuffer(data, count=len(data) // (8 * len(names)) * len(names)).reshape(-1, len(names))
    return [table[:, names.index(name)].copy() for name in ("time", "v(in)", "v(out)")]


if __name__ == "__main__":
    sys.exit(main())
