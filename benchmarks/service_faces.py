"""Faults of instruments through the bench service, in every face: ``python -m benchmarks.service_faces``.

``[--quick] [--every N] [--faces NAME ...] [--minutes M] [--part K/N] [--resume FILE] [--kept]``

One warm service owns a simulated bench. A script, the command line, a campaign and the client of the window ask it for
short runs of each protocol. In each run, one fault of ``benchmarks.fault_kinds`` comes at one message; kinds and
messages are enumerated. Then every output must be off, by the witness of the bench, and at most 2 s after the fault
where the run has ended by it: by the clock of the bench, because wall time holds the time that the simulation takes.
The face must tell in one line why a run has failed, and what was acknowledged must be in the run file. Devices are
destroyed in ``benchmarks.faults`` only.
"""

import argparse
import contextlib
import io
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.fault_benches import BENCH, SHORT
from benchmarks.fault_check import lost, unclear
from benchmarks.fault_kinds import AT_MESSAGES, AT_READS, OF_INSTRUMENTS
from benchmarks.report import INFORMATION, Line, report
from benchmarks.service_injected import NEXT
from tsbench.cli import main as command_line
from tsbench.errors import TsbenchError
from tsbench.records import RunEvent
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.campaign import campaign
from tsbench.station.service.client import connect
from tsbench.station.service.performing import ServicePerformer
from tsbench.station.service.place import living_service
from tsbench.storage import read_run
from tsbench.storage.codec import to_json

ROOT = Path(__file__).resolve().parent.parent
BAR = 2.0  #: [s]
WANTED = 20_000
_PATIENCE = 120.0  #: [s]
_LEFT_OUT = {"device_open", "device_short", "device_stuck_on"}
KINDS = {what: {"kind": "connection_lost", **details} for what, details in
         {**AT_MESSAGES, **AT_READS, **OF_INSTRUMENTS}.items() if details.get("kind") not in _LEFT_OUT}


@dataclass
class Injection:
    """One fault in one run, and what came of it."""

    key: str  #: face/protocol/kind/message
    happened: bool = False
    status: str = ""
    off: float | None = None  #: [s] of the bench's clock from the fault to the last output going off; None: none was on
    wall: float | None = None  #: the same in [s] of wall time
    line: str = ""
    problems: list[str] = field(default_factory=list)


@dataclass
class Told:
    """What a face has told of a run."""

    status: str
    line: str
    events: list[RunEvent] = field(default_factory=list)


class Bench:
    """The warm service, and the folder of its runs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "runs"
        self.next, self.file = folder / "next.json", folder / "nbo2.bench.toml"
        folder.mkdir(parents=True, exist_ok=True)
        for kind in ("bench", "world"):
            shutil.copy(BENCH.with_name(f"nbo2.{kind}.toml"), folder)
        os.environ[NEXT], os.environ[FOLDER] = str(self.next), str(folder / "locks")
        os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
        self._log = (folder / "service.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.service_injected", str(self.file)], stdin=subprocess.DEVNULL,
            stderr=self._log, cwd=ROOT, start_new_session=True)
        until = time.monotonic() + _PATIENCE
        while living_service(self.file) is None:
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((folder / "service.log").read_text("utf-8"))
            time.sleep(0.05)
        self.client = connect(self.file, start=False)

    def run(self, face: "Face", protocol: str, fault: Mapping[str, Any] | None) -> tuple[Told, Mapping[str, Any]]:
        """Have one run through a face, with a fault; return what the face told, and what the bench told."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.next.write_text(json.dumps(fault), "utf-8")
        reported = self.next.with_suffix(".told")
        reported.unlink(missing_ok=True)
        self.client.go_on()
        told = face(self, protocol)
        lines = reported.read_text("utf-8").splitlines() if reported.exists() else []
        return told, json.loads(lines[-1]) if lines else {}

    def processor_time(self) -> tuple[float, float]:
        """Return the processor time [s] of the process that measures, and of the service and this process together."""
        measuring = int(self.client.status()["measuring_process"] or 0)
        return _spent(measuring), _spent(self._process.pid) + time.process_time()

    def close(self) -> None:
        """End the service."""
        self.client.close()
        self._process.terminate()
        self._process.wait(_PATIENCE)
        self._log.close()


def _spent(process: int) -> float:
    """Return the processor time of a living process [s], by /proc/PID/stat; NaN where it cannot be read."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return math.nan
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


Face = Callable[[Bench, str], Told]


def script(bench: Bench, protocol: str) -> Told:
    """Measure as a script or a notebook does."""
    events: list[RunEvent] = []
    try:
        outcome = bench.client.submit(protocol, "D1", bench.out, parameters=SHORT[protocol]).wait(events.append)
    except TsbenchError as error:
        return Told("refused", str(error), events)
    return Told(outcome.status, outcome.line, events)


def command(bench: Bench, protocol: str) -> Told:
    """Measure by ``tsbench measure``, in this process."""
    said, complained = io.StringIO(), io.StringIO()
    settings = [part for name, value in SHORT[protocol].items() for part in ("--set", f"{name}={_text(value)}")]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        code = command_line(["measure", protocol, "--bench", str(bench.file), "--device", "D1", "--out", str(bench.out),
                             *settings])
    lines = [line for line in complained.getvalue().strip().splitlines() if line.startswith("tsbench: ")]
    return Told("success" if code == 0 else f"exit code {code}", lines[-1] if lines else "")


def in_campaign(bench: Bench, protocol: str) -> Told:
    """Measure by a campaign of one step."""
    path = bench.folder / "c.campaign.toml"
    values = "\n".join(f"{name} = {to_json(value)}" for name, value in SHORT[protocol].items())
    path.write_text(f'bench = "{bench.file}"\ndevice = "D1"\nleave_out = []\n[[step]]\nname = "a"\n'
                    f'protocol = "{protocol}"\n{values}\n', "utf-8")
    shutil.rmtree(bench.folder / "record", ignore_errors=True)
    performer = ServicePerformer(bench.client)
    try:
        measured = campaign(path, bench.out, bench.folder / "record")
        performer.borrow(measured.control)
        (outcome,) = measured.run(performer=performer, accept=True, peaks=None).runs.values()
    except TsbenchError as error:
        return Told("refused", str(error))
    finally:
        performer.close()
    return Told(outcome.status, outcome.line)


def window(bench: Bench, protocol: str) -> Told:
    """Measure by the client that the window has: a process of ``tsbench measure`` whose events it shows."""
    from PyQt5 import QtCore

    from tsbench.gui.runner_client import Ending, RunnerClient

    application = QtCore.QCoreApplication.instance() or QtCore.QCoreApplication([])
    events, ended = list[RunEvent](), list[Ending]()
    client = RunnerClient()
    client.told.connect(lambda event: events.append(RunEvent(
        str(event.get("kind")), str(event.get("message")), float(event.get("time") or 0.0), event.get("data") or {})))
    client.ended.connect(ended.append)
    client.measure(protocol, str(bench.file), "D1", SHORT[protocol], str(bench.out))
    until = time.monotonic() + _PATIENCE
    while not ended and time.monotonic() < until:
        application.processEvents(QtCore.QEventLoop.WaitForMoreEvents, 100)
    if not ended:
        client.kill()
        return Told("hangs", "", events)
    reasons = [str(event.data["reason"]) for event in events if event.kind == "state" and event.data.get("reason")]
    return Told("success" if ended[0].code == 0 else f"exit code {ended[0].code}",
                "" if ended[0].code == 0 else [ended[0].message, *reasons][-1], events)


FACES: Mapping[str, Face] = {"script": script, "command line": command, "campaign": in_campaign, "window": window}
#: of the injections of a face, one in so many: the window starts a process for each run
SHARE = {"window": 10}


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def cases(bench: Bench, faces: Sequence[str], every: int) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield face, protocol and fault of each case."""
    for protocol in SHORT:
        script_told, clean = bench.run(script, protocol, None)
        if script_told.status != "success" or clean.get("on"):
            raise RuntimeError(f"not even an undisturbed run is good: {script_told} {clean}")
        counts: dict[str, int] = {}
        places = []
        for number, (instrument, reading) in enumerate(clean["trail"]):
            places.append((number, instrument, counts.get(instrument, 0), reading))
            counts[instrument] = counts.get(instrument, 0) + 1
        for face in faces:
            step = every * SHARE.get(face, 1)
            for shift, (what, details) in enumerate(KINDS.items()):
                chosen = [place for place in places if place[3]] if what in AT_READS else places
                for number, instrument, own, _ in chosen[shift % step::step]:
                    fault = {**details, "message": number}
                    if what in OF_INSTRUMENTS:
                        fault |= {"message": own, "instrument": instrument}
                    yield face, f"{face}/{protocol}/{what}/{number}", fault


def inject(bench: Bench, face: str, key: str, fault: Mapping[str, Any]) -> Injection:
    """Inject one fault and judge what came of it."""
    found = Injection(key)
    protocol = key.split("/")[1]
    try:
        told, seen = bench.run(FACES[face], protocol, fault)
    except Exception as error:
        found.problems.append(f"escaped: {type(error).__name__}: {error}")
        if living_service(bench.file) is None:
            raise RuntimeError("the bench service has ended") from error
        return found
    found.status, found.line, found.happened = told.status, told.line, seen.get("at") is not None
    if seen.get("on"):
        found.problems.append(f"left on: {', '.join(seen['on'])}")
    if found.happened and told.status != "success" and seen.get("off"):
        found.wall, found.off = (max(off - at, 0.0) for off, at in zip(seen["off"], seen["at"], strict=True))
        if found.off > BAR:
            found.problems.append(f"off after {found.off:.2f} s")
    if told.status != "success" and not told.line:
        found.problems.append("no line says what happened")
    if told.line and told.status != "success" and (problem := unclear(told.line, "\n")):
        found.problems.append(problem)
    files = sorted(bench.out.glob("*.nxs"))
    if told.status in ("success", "fail") and len(files) != 1:
        found.problems.append(f"{len(files)} run files")
    if files and face in ("script", "window"):
        found.problems += lost(read_run(files[0]), told.events)
    if left := list(bench.out.glob("*.tsj")):
        found.problems.append(f"{len(left)} journals are left")
    return found


def in_table(rows: Sequence[Injection], to_come: int | str, speed: Sequence[Line] = ()) -> list[Line]:
    """Return the table; ``speed``: what an injection costs."""
    made = []
    for face in FACES:
        mine = [row for row in rows if row.key.startswith(f"{face}/") and row.happened]
        if not mine:
            continue
        bad = [row for row in mine if row.problems]
        times = sorted(row.off for row in mine if row.off is not None)
        walls = [row.wall for row in mine if row.wall is not None]
        slowest = (f"; outputs off after {times[-1]:.2f} s at most, {times[len(times) // 2]:.3f} s median "
                   f"({max(walls):.2f} s of wall time at most)") if times else ""
        said = f"; {len(bad)} with problems: {bad[0].key}: {'; '.join(bad[0].problems)[:200]}" if bad else ""
        made.append(Line(face, f"{len(mine)} injections, {len(times)} ended a run with an output on{slowest}{said}",
                         f"off within {BAR:g} s, told, nothing lost", not bad))
    escaped = [row for row in rows if row.problems and not row.happened]
    if escaped:
        made.append(Line("cases without a fault that had problems",
                         f"{len(escaped)}: {'; '.join(escaped[0].problems)[:200]}", "0", False))
    happened = sum(row.happened for row in rows)
    made.append(Line("injections", f"{happened}; {len(rows) - happened} more whose fault did not happen; {to_come} to "
                     "come", f"at least {WANTED}", happened >= WANTED))
    made += speed
    made.append(Line("load of the machine", f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", INFORMATION, True))
    return made


def _speed(number: int, took: float, before: tuple[float, float], after: tuple[float, float]) -> list[Line]:
    """Return what an injection of this call costs: wall time and processor time [s]."""
    if not number or not after[0] > before[0]:   # the process that measures is another one
        return []
    measuring, others = ((late - early) / number for early, late in zip(before, after, strict=True))
    return [Line("one injection", f"{took / number:.2f} s; processor time {measuring:.2f} s of the process that "
                 f"measures, {others:.2f} s of service and benchmark ({number} injections)", INFORMATION, True)]


def main() -> int:
    """Inject until all cases are done, or the time is over."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service_faces", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every 150th message")
    parser.add_argument("--every", type=int, default=1, help="only every N-th message")
    parser.add_argument("--faces", nargs="+", choices=tuple(FACES), default=tuple(FACES), metavar="NAME")
    parser.add_argument("--minutes", type=float, default=1e6, help="stop then; --resume goes on another time")
    parser.add_argument("--part", default="1/1", metavar="K/N",
                        help="the K-th of N parts of the cases: several commands at once may add to one file")
    parser.add_argument("--kept", action="store_true", help="only print what is done so far")
    parser.add_argument("--resume", type=Path, metavar="FILE", default=ROOT / "build" / "service_faces.jsonl")
    options = parser.parse_args()
    kept: Path = options.resume
    kept.parent.mkdir(parents=True, exist_ok=True)
    rows = [Injection(**json.loads(line)) for line in kept.read_text().splitlines()] if kept.exists() else []
    if options.kept:
        return report("service_faces", "faults through the bench service", in_table(rows, "others"))
    part, parts = map(int, options.part.split("/"))
    done, new = {row.key for row in rows}, 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        bench = Bench(Path(folder) / "bench")
        try:
            waiting = list(cases(bench, options.faces, 150 if options.quick else options.every))
            random.Random(1).shuffle(waiting)
            waiting = [case for case in waiting[part - 1::parts] if case[1] not in done]
            began, spent = time.monotonic(), bench.processor_time()
            with kept.open("a") as file:
                while waiting and time.monotonic() < began + 60 * options.minutes:
                    rows.append(inject(bench, *waiting.pop()))
                    new += 1
                    file.write(json.dumps(asdict(rows[-1])) + "\n")
                    file.flush()
                    if rows[-1].problems:
                        print(rows[-1], file=sys.stderr, flush=True)
            speed = _speed(new, time.monotonic() - began, spent, bench.processor_time())
        finally:
            bench.close()
    return report("service_faces", "faults through the bench service", in_table(rows, len(waiting), speed))


if __name__ == "__main__":
    sys.exit(main())
