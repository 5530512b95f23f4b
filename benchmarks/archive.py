"""Speed of the catalogue and of analysing many runs: ``python -m benchmarks.archive [--quick]``."""

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import tsbench
from benchmarks.report import INFORMATION, Line, report
from tsbench.archives.catalogue import count_each_run_once, opened, store, transaction
from tsbench.archives.questions import ArchiveQuestion, asked
from tsbench.archives.update import update
from tsbench.records import Run
from tsbench.storage import read_run
from tsbench.storage.nexus.writer import write_run

ROOT = Path(__file__).resolve().parent.parent
_QUANTITIES = ("threshold_voltage", "threshold_current", "hold_voltage", "hold_current", "switching_delay")


def measured(folder: Path) -> Run:
    """Measure one sweep of 600 points on the simulated NbO2 bench, as the runs that are analysed and catalogued."""
    sweep = tsbench.IVSweep.parse(stop="1.2 V", step="4 mV")
    outcome = tsbench.run_protocol(ROOT / "examples/nbo2.bench.toml", "D1", sweep, folder, durability="process")
    return read_run(outcome.path)


def run_files(folder: Path, run: Run, count: int) -> None:
    """Write that many run files with different identifiers, devices and times; each is a file of its own."""
    folder.mkdir(parents=True)
    for number in range(count):
        header = replace(run.header, run_id=f"{run.header.run_id}-{number:05d}", start_time=_time(number),
                         device=replace(run.header.device, identifier=f"W{number % 4}D{number % 1000}"))
        write_run(replace(run, header=header), folder / f"{header.run_id}.nxs")


def _time(number: int) -> str:
    return f"2026-{1 + number // 28 % 12:02d}-{1 + number % 28:02d}T{number % 24:02d}:00:00.000+00:00"


def rows(folder: Path, count: int) -> Line:
    """A filtered question to a catalogue of that many rows; five rows a run, 10 % of them censored."""
    folder.mkdir()
    draw = random.Random(3)
    with opened(folder) as database:
        with transaction(database):
            for number in range(count // 5):
                facts = [f"run{number}", "iv_sweep", f"W{number % 4}D{number % 1000}", "NbO2", "", "", _time(number),
                         _time(number), "success", "", 0, 300.0, number % 30, number // 30 % 30, "0.2", 1]
                results = [[name, "V", draw.gauss(1.0, 0.1), 0.9, 1.1, "step", 1024 * (draw.random() < 0.1),
                            '{"cycle":1,"polarity":"+"}', 0.01, 0.02] for name in _QUANTITIES]
                store(database, f"{number}.nxs", "", {"problem": "", "facts": facts, "results": results})
            count_each_run_once(database)
        times, works, found = [], [], 0
        question = ArchiveQuestion(
            quantity="threshold_voltage", device="W3*", since="2026-06-01", without_flags=("censored",))
        for _ in range(7):
            began, work = time.perf_counter(), time.process_time()
            found = len(asked(database, question))
            times.append(time.perf_counter() - began)
            works.append(time.process_time() - work)
        began = time.perf_counter()
        whole = len(asked(database, ArchiveQuestion()))
        everything = time.perf_counter() - began
    began = time.perf_counter()
    frame = tsbench.archive(folder, refresh=False, quantity="threshold_voltage", device="W3*", since="2026-06-01",
                            without_flags=("censored",))
    assert len(frame) == found and whole == count // 5 * 5
    return Line(f"filtered question to a catalogue of {count:,} rows",
                f"{min(times) * 1e3:.0f} ms for {found} rows, best of {len(times)} (median "
                f"{statistics.median(times) * 1e3:.0f} ms); {statistics.median(works) * 1e3:.0f} ms of processor time; "
                f"as a data frame {(time.perf_counter() - began) * 1e3:.0f} ms; all rows {everything:.2f} s",
                "under 200 ms", min(times) < 0.2)


def rebuild(folder: Path, count: int) -> Line:
    """Making the catalogue from run files that were just read, on two processes."""
    for path in folder.iterdir():
        path.read_bytes()  # a warm cache
    with opened(folder) as database:
        update(database, folder)
        rates, work = [], 0.0
        for _ in range(3):
            began, before = time.perf_counter(), _processor()
            done = update(database, folder, processes=2, anew=True)
            rates.append(done.read / (time.perf_counter() - began))
            work = _processor() - before
    size = sum(path.stat().st_size for path in folder.glob("*.nxs")) / count
    return Line(f"rebuild from {count} run files ({size / 1e3:.0f} kB each, warm cache, two reading processes)",
                f"{max(rates):.0f} files/s, best of {len(rates)}; {work / count * 1e3:.1f} ms of processor time a "
                f"file, so at most {2 * count / work:.0f} files/s on two cores; load of the computer "
                f"{os.getloadavg()[0]:.1f}",
                "at least 500 files/s", max(rates) >= 500)


def analyse(folder: Path, count: int) -> Line:
    """``tsbench analyse`` of many sweeps, as a command of its own."""
    before, began = _processor(), time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "tsbench", "analyse", str(folder), "--json"], check=True,
                          capture_output=True, cwd=folder.parent, env={**os.environ, "OMP_NUM_THREADS": "1"})
    work, seconds = _processor() - before, time.perf_counter() - began
    figures = list(folder.parent.glob("analysed/*"))
    return Line(f"analyse of {count} I-V runs of 600 points",
                f"{work:.1f} s of processor time, {seconds:.1f} s; {len(done.stdout) // 1000} kB of rows, "
                f"{len(figures)} figures", "under 15 s of processor time" if count == 100 else INFORMATION,
                work < 15 and not figures)


def _processor() -> float:
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(use.ru_utime + use.ru_stime for use in uses)


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archive", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less of the same, within a minute")
    quick = parser.parse_args(arguments).quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = measured(folder / "one")
        lines = [rows(folder / "rows", 100_000)]
        run_files(folder / "few", run, 20 if quick else 100)
        lines.append(analyse(folder / "few", 20 if quick else 100))
        copies = 10 if quick else 50
        few = sorted((folder / "few").glob("*.nxs"))
        (folder / "many").mkdir()
        for path in few:
            for number in range(copies):
                shutil.copy(path, folder / "many" / f"{number}-{path.name}")
        lines.append(rebuild(folder / "many", copies * len(few)))
    return report("archive", "catalogue and re-analysis", lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
