"""One disturbed run and what it left: the part of ``benchmarks.faults`` that measures."""

import contextlib
import errno
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.fault_benches import short_run
from benchmarks.fault_check import driven, heaters_on, left_on, lost, switched_on, unclear
from tsbench.errors import StorageError, TsbenchError, sentences
from tsbench.protocols import Protocol, protocol_named
from tsbench.records import Run, RunEvent
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.simulated_backends.world.world import World
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import Control, RunOutcome, run_on
from tsbench.station.runner.power import PowerCheck
from tsbench.storage import disk, read_run, run_file
from tsbench.storage.nexus.validation import inspect

_ON_PURPOSE = "an error inside a protocol"


@dataclass
class Case:
    """What one disturbed run left."""

    outcome: RunOutcome | None = None  #: None: the bench could not be opened, or no run begun
    refusal: str = ""  #: why; also what a script before or after the run was told
    values: dict[str, float] = field(default_factory=dict)  #: what such a script measured
    run: Run | None = None  #: what its file, or the journal, holds
    left_on: list[str] = field(default_factory=list)  #: outputs that the witness saw on at the end
    was_on: list[str] = field(default_factory=list)  #: outputs that it saw on at any time
    problems: list[str] = field(default_factory=list)
    happened: int = 0  #: faults, by the witness
    missed: bool = False  #: the fault did nothing: no trigger came after it
    messages: int = 0
    steps: int = 0
    trail: tuple[tuple[str, bool], ...] = ()  #: of every message: instrument, whether it was a read

    @property
    def good(self) -> bool:
        """Whether every output was off and the run file whole."""
        return not self.left_on and not self.problems

    @property
    def line(self) -> str:
        """The one line that is told; "" where nothing is."""
        return self.refusal if self.outcome is None else self.outcome.line or self.refusal

    @property
    def succeeded(self) -> bool:
        """Whether nothing was refused, and the run, if there was one, has succeeded."""
        return not self.refusal and (self.outcome is None or self.outcome.status == "success")


class Disturbed:
    """A protocol to which something happens at one of its steps."""

    def __init__(self, protocol: Protocol, at: int, disturb: Callable[[], None] | None) -> None:
        self._protocol = protocol
        self._at = at
        self._disturb = disturb
        self.steps = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protocol, name)

    @staticmethod
    def device_remark(run: Run) -> str:
        """Return what the protocol itself says of the device."""
        return protocol_named(run.header.protocol).device_remark(run)

    def run(self, station: Any, recorder: Any) -> Iterator[Any]:
        """Run the protocol; disturb it inside the step that was chosen."""
        for step in self._protocol.run(station, recorder):
            if self.steps == self._at and self._disturb is not None:
                self._disturb()
            self.steps += 1
            yield step


@dataclass
class FullDisk:
    """A disk that takes no more from the ``at``-th write of the run on (a torn half of it still gets there).

    ``once``: only that write fails, as where another program frees space.
    """

    at: int
    once: bool = False
    writes: int = 0

    @contextlib.contextmanager
    def inserted(self) -> Iterator["FullDisk"]:
        """Put this disk under the storage, from the outside: the storage does not know."""
        write, consolidate = disk.write_all, run_file.consolidate

        def write_all(descriptor: int, data: bytes | memoryview) -> None:
            number, self.writes = self.writes, self.writes + 1
            if number == self.at or (number > self.at and not self.once):
                write(descriptor, memoryview(data)[: len(data) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            write(descriptor, data)

        def consolidated(path: Path, **options: bool) -> Path:
            if self.writes > self.at and not self.once:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return consolidate(path, **options)

        with mock.patch.object(disk, "write_all", write_all), mock.patch.object(
            run_file, "consolidate", consolidated
        ):
            yield self


def run_case(
    folder: Path,
    name: str,
    *,
    fault: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    at: int = -1,
    disturb: Callable[[Control], None] | None = None,
    full: FullDisk | None = None,
    thorough: bool = True,
) -> Case:
    """Run the short run ``name`` in ``folder``, disturbed, and look what it left.

    Parameters
    ----------
    fault : what ``TSBENCH_FAULTS`` is told
    at, disturb : the step, and what happens there
    full : the disk it writes to
    thorough : make the run file and look at every dataset of it, as ``tsbench validate``; else the journal,
        from which the file is made, is read back (half the time)
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    witness = folder / "witness.jsonl"
    os.environ["TSBENCH_WITNESS"] = str(witness)
    os.environ["TSBENCH_FAULTS"] = json.dumps(fault) if fault else ""
    case, control, told = Case(), Control(), list[RunEvent]()
    run = short_run(name)
    try:
        bench = Bench.open(run.lay(folder), run.device)
    except TsbenchError as error:
        _refused(case, error, witness)
        return case
    world = next(iter(bench.instruments.managers.values())).visalib.world
    try:
        if run.surroundings:
            case.values.update(run.surroundings.before(bench))
        if run.protocol:
            protocol = Disturbed(
                protocol_named(run.protocol).parse(dict(run.parameters)), at,
                (lambda: disturb(control)) if disturb else None)
            with full.inserted() if full else contextlib.nullcontext() if thorough else _journal_kept():
                case.outcome = run_on(
                    bench,
                    protocol,  # type: ignore[arg-type]
                    folder / "runs",
                    events=told.append,
                    control=control,
                    extract=False,
                )
            case.steps = protocol.steps
            case.left_on = _left(witness, world)
            if run.surroundings and case.succeeded:
                case.values.update(run.surroundings.after(bench))
        if run.surroundings and not case.line:
            case.refusal = sentences(PowerCheck(bench).look(bench.clock.now()), *bench.take_notes())
    except TsbenchError as error:
        bench.close()   # as the end of a script's ``with`` does
        _refused(case, error, witness)
        case.left_on += driven(world.instruments)
    finally:
        case.was_on = switched_on(witness)
        case.messages, case.trail = world.faults.total, tuple(world.faults.trail)
        case.missed = any(instrument.triggers_to_miss for instrument in world.instruments.values())
        case.happened = len(world.faults.happened)
        bench.close()
    if run.surroundings:
        case.left_on += _left(witness, world)
        case.problems += [f"moved while an output was on: {move['what']}" for move in read_witness(witness).hot_moves()]
    if case.outcome is not None:
        _check(case, told, folder / "runs", thorough or full is not None)
    return case


def _left(witness: Path, world: World) -> list[str]:
    return [*left_on(witness), *driven(world.instruments), *heaters_on(world.instruments)]


@contextlib.contextmanager
def _journal_kept() -> Iterator[None]:
    """Leave the run file unmade, for the time of a run."""
    with mock.patch.object(run_file, "consolidate", lambda path, **_: path):
        yield


def _refused(case: Case, error: TsbenchError, witness: Path) -> None:
    case.refusal = str(error)
    case.left_on = left_on(witness)
    case.happened = len(read_witness(witness).faults()) if witness.exists() else 0
    if problem := unclear(case.refusal, _ON_PURPOSE):
        case.problems.append(problem)


def _check(case: Case, told: Sequence[RunEvent], runs: Path, thorough: bool) -> None:
    """What the run says of itself must agree with the witness, and its file be whole."""
    outcome = case.outcome
    assert outcome is not None
    if not outcome.safe:
        case.problems.append(f"outputs told: {dict(outcome.outputs)}")
    if outcome.line and (problem := unclear(outcome.line, _ON_PURPOSE)):
        case.problems.append(problem)
    path = outcome.path
    if thorough and path is not None and path.suffix != ".nxs":  # the disk was full: what it took is recovered
        try:
            (path,) = run_file.recover(runs)
        except (StorageError, ValueError) as error:
            case.problems.append(f"nothing recovered: {error}")
            return
    if path is None:
        case.problems.append(f"no run file: {outcome.reason}")
        return
    case.problems += inspect(path) if thorough else []
    case.run = read_run(path)
    case.problems += lost(case.run, told)
    if left := [found.name for found in runs.iterdir() if found.stem != path.stem or (thorough and found != path)]:
        case.problems.append(f"left behind: {', '.join(left)}")


def _raise() -> None:
    raise RuntimeError(_ON_PURPOSE)


#: what happens at a step: name -> act, and the status it must lead to
AT_STEPS: dict[str, tuple[Callable[[Control], None], str]] = {
    "exception": (lambda _: _raise(), "fail"),
    "stop": (lambda control: control.stop(), "abort"),
    "ctrl-c": (lambda _: os.kill(os.getpid(), signal.SIGINT), "abort"),
}
