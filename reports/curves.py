"""Reads the I-V curves that a report shows, in child processes, because run files may come from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.plugins import in_words
from tsbench.protocols.iv_sweep.extraction import sweep_points
from tsbench.records import FloatArray, Run
from tsbench.reports.devices import DeviceRun, ReportedDevice
from tsbench.reports.document import CurveLine
from tsbench.reports.words import file_link
from tsbench.storage.reading_children import ReadingChildren

_LARGEST = 16 * 2**20  #: [bytes] of a run file: a sweep has some 100 kB
_PROCESSES = 2
_MOST_POINTS = 2000  #: of one curve


@dataclass
class CurveCache:
    """Curves that were read before, by the hash of their file: for a page that is made again and again."""

    known: dict[str, tuple[FloatArray, FloatArray]] = field(default_factory=dict)


def read_curves(
    folder: Path, chosen: Sequence[tuple[ReportedDevice, DeviceRun]], cache: CurveCache,
) -> tuple[list[CurveLine], list[str]]:
    """Return the curves of some sweeps, and one line for what could not be read.

    Parameters
    ----------
    folder : of the report
    chosen : devices with the sweep that is shown
    cache : gets what is read
    """
    problems: list[str] = []
    small, wanted = [], []
    for device, run in chosen:
        assert run.stored is not None
        path = folder / run.stored.path
        try:
            if path.stat().st_size > _LARGEST:
                problems.append(f"{run.stored.path}: its curve is not shown, because the file is larger than 16 MiB")
                continue
        except OSError as error:
            problems.append(f"{run.stored.path}: the file cannot be read ({error.strerror or error})")
            continue
        small.append((device, run, path, run.stored.sha256))
        if run.stored.sha256 not in cache.known:
            wanted.append((run.stored.sha256, path))
    if wanted:
        with ReadingChildren(min(_PROCESSES, len(wanted))) as children:
            answers = children.runs(path for _, path in wanted)
            for (digest, _), (_, found) in zip(wanted, answers, strict=True):
                if isinstance(found, UnreadableFile):
                    problems.append(str(found))
                elif len(found.points):
                    try:
                        cache.known[digest] = _curve(found)
                    except (KeyError, ValueError, TypeError) as error:   # another author's protocol of this name
                        problems.append(f"run {found.header.run_id}: its curve cannot be drawn ({in_words(error)})")
    lines = [CurveLine(device.name, device.state, *cache.known[digest], file_link(str(run.stored.path)))
             for device, run, _, digest in small if digest in cache.known and run.stored is not None]
    return lines, problems


def _curve(run: Run) -> tuple[FloatArray, FloatArray]:
    """Return voltage [V] and current [A] of a sweep; of a very long one, every n-th point."""
    points = sweep_points(run)
    every = max(1, -(-len(points.voltage) // _MOST_POINTS))
    return np.asarray(points.voltage[::every]), np.asarray(points.current[::every])
