"""The storage beside the bare disk, PyMeasure's CSV file and QCoDeS' database; part of ``benchmarks.storage``.

Each figure compares two things of one run, taken in turns, because a disk and its other users change by the second.
"""

import contextlib
import json
import os
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from benchmarks.report import INFORMATION, Line
from benchmarks.storage_runs import header, point
from tsbench.records import Run, Waveform
from tsbench.storage import read_run
from tsbench.storage.disk import sync_data
from tsbench.storage.journal.writer import RAW_SUFFIX, frame
from tsbench.storage.nexus.stored_samples import stored_samples
from tsbench.storage.nexus.writer import write_run
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.run_file import consolidate

Act = Callable[[int], object]


def in_turns(acts: Sequence[Act], rounds: int, each: int = 1) -> list[list[float]]:
    """Return the times of ``rounds`` calls of each act [s], ``each`` of them in a row, the acts in random order."""
    order, times = random.Random(5), [[] for _ in acts]  # type: list[list[float]]
    for turn in range(rounds // each):
        for place in order.sample(range(len(acts)), len(acts)):
            for number in range(turn * each, (turn + 1) * each):
                began = time.perf_counter()
                acts[place](number)
                times[place].append(time.perf_counter() - began)
    return times


def adc_codes(samples: int, seed: int = 1) -> "np.ndarray[tuple[int, int], np.dtype[np.int16]]":
    """Return codes of a 12-bit scope, as it sends them in 16 bits: a ramp with noise of three codes."""
    noisy = np.linspace(-2000, 2000, samples) + np.random.default_rng(seed).normal(0.0, 3.0, samples)
    codes: np.ndarray[tuple[int, int], np.dtype[np.int16]]
    codes = (np.round(noisy).clip(-2048, 2047).astype(np.int16) << 4).reshape(1, -1)
    return codes


def scope(codes: "np.ndarray[tuple[int, int], np.dtype[np.int16]]") -> Waveform:
    return Waveform("device_current", "A", codes, 1e-6, 0.0, 0.0, 1e-9, np.zeros(1))


def points(directory: Path, count: int) -> list[Line]:
    """A point against a row of PyMeasure's recorder, and against writing and syncing the same bytes."""
    from pymeasure.experiment import FloatParameter, Procedure, Results
    from pymeasure.experiment.listeners import Recorder

    class Sweep(Procedure):
        """Three columns, as ours."""

        DATA_COLUMNS: ClassVar[list[str]] = ["time", "voltage", "current"]
        stop = FloatParameter("Stop", units="V", default=1.0)

    made = [point(number) for number in range(count)]
    rows = [dict(zip(Sweep.DATA_COLUMNS, one.values, strict=True)) for one in made]
    csv = Recorder(Results(Sweep(), str(directory / "peer.csv")), queue.Queue())
    with RunRecorder(directory, header(), durability="process") as recorder:
        ours, theirs = in_turns(
            [lambda number: recorder.point(made[number]), lambda number: csv.handle(rows[number])], count, 100)
    csv.handlers[0].close()
    fast, row = (statistics.median(times) * 1e6 for times in (ours, theirs))
    size = len(frame("point", 10**4, (0, *made[1].values)))
    bare_file = os.open(directory / "bare", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def bare(_: int) -> None:
        os.write(bare_file, bytes(size))
        sync_data(bare_file)

    with RunRecorder(directory, header(), durability="power") as recorder:

        def synced(number: int) -> None:
            recorder.point(made[number])
            if recorder._journal._unsynced:  # within a millisecond of the last one
                recorder._journal.sync()

        ours, theirs = in_turns([synced, bare], count // 4)
    os.close(bare_file)
    slow, disk = (statistics.median(times) * 1e6 for times in (ours, theirs))
    return [
        Line("a point, durability process", f"{fast:.1f} us, {fast / row:.2f} of PyMeasure's CSV row ({row:.1f} us)",
             "at most 1.5 CSV rows", fast <= 1.5 * row),
        Line("a point, durability power",
             f"{slow:.0f} us, {slow / disk:.2f} of a bare write + fdatasync of {size} bytes ({disk:.0f} us)",
             "at most 1.2 bare synced writes", slow <= 1.2 * disk),
    ]


def waveforms(directory: Path, count: int) -> Line:
    """Waveforms of a million samples, synced, against writing and syncing the same bytes."""
    waves = [scope(adc_codes(10**6, seed)) for seed in range(4)]
    contents = [wave.codes.tobytes() for wave in waves]
    bare_file = os.open(directory / "bare.waves", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def bare(number: int) -> None:
        os.write(bare_file, contents[number % 4])
        sync_data(bare_file)

    with RunRecorder(directory, header(), durability="power") as recorder:
        ours, theirs = in_turns([lambda number: recorder.waveform(waves[number % 4]), bare], count)
        recorder.path.unlink()
        recorder.path.with_suffix(RAW_SUFFIX).unlink()
    os.close(bare_file)
    (directory / "bare.waves").unlink()
    mine, disk = statistics.median(ours), statistics.median(theirs)
    return Line("waveforms of 10^6 samples, durability power",
                f"{2 / mine:.0f} MB/s, {disk / mine:.0%} of a bare write + fdatasync ({2 / disk:.0f} MB/s)",
                "at least 60 % of it", disk >= 0.6 * mine)


def long_record(directory: Path, samples: int, rounds: int) -> list[Line]:
    """Consolidation, reading and opening of one long record."""
    codes = adc_codes(samples)
    wall, work, read, whole = [], [], [], samples >= 10**8
    for number in range(rounds):
        with RunRecorder(directory / f"long{number}", header(), durability="process") as recorder:
            recorder.waveform(scope(codes))
            path = recorder.path
            recorder.end("success")
        began, processor = time.perf_counter(), time.process_time()
        run_file = consolidate(path)
        wall.append(time.perf_counter() - began)
        work.append(time.process_time() - processor)
        began = time.perf_counter()
        same = np.array_equal(read_run(run_file).waveforms[0].codes, codes)
        read.append(time.perf_counter() - began)
        if number < rounds - 1:
            run_file.unlink()
    megabytes = codes.nbytes / 1e6
    rate = megabytes / min(wall)
    told = json.loads(subprocess.run([sys.executable, "-m", "benchmarks.storage_peers", str(run_file)], check=True,
                                     capture_output=True, text=True).stdout)
    return [
        Line(f"consolidation of {samples:.0e} int16 samples, with read-back and comparison",
             f"{rate:.0f} MB/s of raw codes, best of {rounds}; {min(work):.2f} s of processor time, so at most "
             f"{2 * megabytes / min(work):.0f} MB/s on two cores; "
             f"{run_file.stat().st_size / samples:.2f} bytes a sample; read back equal: {same}",
             "at least 100 MB/s on two cores" if whole else INFORMATION, same and (rate >= 100 or not whole)),
        Line("opening that record, its preview and 10^6 samples of it",
             f"{told['memory']:.0f} MB more of resident memory, {told['seconds'] * 1e3:.0f} ms",
             "under 100 MB", told["memory"] < 100),
        Line("reading it whole, with its digest", f"{min(read):.2f} s, {megabytes / min(read):.0f} MB/s",
             INFORMATION, True),
    ]


def look(path: Path) -> None:
    """The process that opens a record to look at it: print how much memory and time that took."""
    with tempfile.TemporaryDirectory() as folder:  # all libraries are loaded before
        warm = Path(folder) / "warm.nxs"
        write_run(bare_run([scope(adc_codes(10**4))]), warm)
        with stored_samples(warm) as stored:
            stored[0].part(0, 100)
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far begins anew
    began = time.perf_counter()
    with stored_samples(path) as stored:
        stored[0].preview()
        middle = stored[0].size // 2
        stored[0].part(middle, min(middle + 10**6, stored[0].size))
    print(json.dumps({"memory": memory("VmHWM") - before, "seconds": time.perf_counter() - began}))


def memory(name: str) -> float:
    """Return a size of this process from Linux' table of it [MB]: VmRSS what is resident, VmHWM the most that was."""
    table = Path("/proc/self/status").read_text()
    return float(table.partition(f"{name}:")[2].split()[0]) * 1024e-6


def bare_run(waves: Sequence[Waveform]) -> Run:
    """Return a finished run of nothing but waveforms."""
    columns = len(header().columns)
    return Run(header(), np.zeros((0, columns)), np.zeros(0, np.uint32), tuple(waves), (), status="success",
               end_time=header().start_time)


def against_qcodes(directory: Path, count: int, few: int, rounds: int) -> list[Line]:
    """Samples a second into a run file, and into QCoDeS' SQLite.

    ``count`` waveforms of a million samples go into a run file, ``few`` into QCoDeS: its rate does not depend on that.
    Each run is a new file, as in a measurement: to overwrite a file, the system first frees its pages.
    QCoDeS stores them as its oscilloscope drivers return them, values in volts or amperes beside their times (double
    precision both). Beside it, for information, stand the bare codes without times, which no driver of it returns.
    """
    waves = [scope(adc_codes(10**6, seed)) for seed in range(4)]
    run = bare_run(waves * (count // 4))
    acts: list[Act] = [
        lambda number: write_run(run, directory / f"a{number}.nxs"),
        lambda number: write_run(run, directory / f"b{number}.nxs", packed=False),
        *_qcodes(directory, waves * (few // 4)),
    ]
    best = [min(times) for times in in_turns(acts, rounds)]
    packed, checked, usual, bare = count / best[0], count / best[1], few / best[2], few / best[3]
    sizes = [(directory / name).stat().st_size / (count * 10**6) for name in ("a0.nxs", "b0.nxs")]
    return [
        Line("samples to a run file, default filter", f"{packed:.0f} million a second, {packed / usual:.1f} times "
             f"QCoDeS' SQLite with values and times ({usual:.2f} million a second); {sizes[0]:.2f} bytes a sample",
             "at least 3 times QCoDeS", packed >= 3 * usual),
        Line("samples to a run file, compression none", f"{checked:.0f} million a second, {checked / usual:.0f} times "
             f"QCoDeS' SQLite with values and times; {sizes[1]:.2f} bytes a sample",
             "at least 25 times QCoDeS", checked >= 25 * usual),
        Line("the same, beside bare codes without times in QCoDeS' SQLite",
             f"{packed / bare:.1f} and {checked / bare:.1f} times ({bare:.1f} million a second)", INFORMATION, True),
    ]


def _qcodes(directory: Path, waves: Sequence[Waveform]) -> list[Act]:
    """Return what stores ``waves`` once in a new dataset of QCoDeS: as values with times, and as bare codes."""
    os.environ["HOME"] = str(directory)  # QCoDeS writes its log there
    from qcodes.dataset import (  # heavy, and reads HOME
        Measurement,
        initialise_or_create_database_at,
        load_or_create_experiment,
    )
    from qcodes.parameters import ManualParameter
    from qcodes.validators import Arrays

    initialise_or_create_database_at(directory / "peer.db")
    load_or_create_experiment("storage", "D1")
    shape = (waves[0].codes.shape[1],)
    number = ManualParameter("number")
    times = ManualParameter("times", vals=Arrays(shape=shape))
    current = ManualParameter("current", vals=Arrays(shape=shape))
    codes = ManualParameter("codes", vals=Arrays(shape=shape, valid_types=(np.int16,)))
    usual, bare = Measurement(), Measurement()
    usual.register_parameter(times, paramtype="array")
    usual.register_parameter(current, setpoints=(times,), paramtype="array")
    bare.register_parameter(number)
    bare.register_parameter(codes, setpoints=(number,), paramtype="array")

    def store_values(_: int) -> None:
        with contextlib.redirect_stdout(sys.stderr), usual.run() as saver:
            for wave in waves:
                saver.add_result((times, wave.times()), (current, wave.values()[0]))
            saver.flush_data_to_database(block=True)

    def store_codes(_: int) -> None:
        with contextlib.redirect_stdout(sys.stderr), bare.run() as saver:
            for place, wave in enumerate(waves):
                saver.add_result((number, place), (codes, wave.codes[0]))
            saver.flush_data_to_database(block=True)

    return [store_values, store_codes]


def lines(directory: Path, quick: bool) -> list[Line]:
    """Return all figures; ``quick``: of less work."""
    directory.mkdir(parents=True)
    return [
        *points(directory, 2000 if quick else 20_000),
        waveforms(directory, 20 if quick else 200),
        *long_record(directory, 10**7 if quick else 10**8, 3),
        *against_qcodes(directory, 4 if quick else 100, 4 if quick else 12, 3),
        Line("load of the computer at the end", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; rates of several "
             "threads need two cores for themselves", INFORMATION, True),
    ]


if __name__ == "__main__":
    look(Path(sys.argv[1]))
