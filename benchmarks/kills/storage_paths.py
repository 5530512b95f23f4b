"""The ways in which runs, results, catalogues, states, records and queues are written."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.kill import items
from benchmarks.kills.lives import Say, Words
from benchmarks.storage_runs import header, point, waveform
from tsbench.archives import catalogue
from tsbench.archives.questions import ArchiveQuestion, answer_of
from tsbench.archives.update import update
from tsbench.errors import StorageError, UnreadableFile
from tsbench.records import Result
from tsbench.station.campaign.state import StateFile, read_state
from tsbench.station.device_record import DeviceRecords, Dose
from tsbench.station.service.jobs import Asked, JobQueue
from tsbench.storage import read_run, recover
from tsbench.storage.exports.run_export import export_run
from tsbench.storage.nexus.validation import inspect
from tsbench.storage.record_data import point_crc
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.sidecar import append_extraction, extractions, read_extraction

Judgement = tuple[int, int, list[str]]
_LONG = 600_000  #: samples of a waveform that lies in the raw file


def acknowledging(say: Say, run: str) -> Any:
    """Return a listener of a recorder that says what is acknowledged."""

    def listen(kind: str, index: int, item: Any, crc: int) -> None:
        if kind != "event":
            say({"item": kind, "index": index, "crc": point_crc(item) if kind == "point" else crc, "run": run})

    return listen


def judge_runs(folder: Path, said: Sequence[Words]) -> Judgement:
    """Recover a folder, look at every run file, and compare what was acknowledged with them."""
    problems: list[str] = []
    try:
        recover(folder, problems.append)
        if recover(folder):
            problems.append("a second recover found something to do")
        held = set()
        for file in sorted(folder.glob("*.nxs")):
            problems += inspect(file)
            run = read_run(file)
            held |= {(run.header.run_id, *item) for item in items(run)}
    except (StorageError, OSError) as error:
        return len(said), len(said), [*problems, f"{type(error).__name__}: {error}"]
    left = [file.name for file in folder.iterdir() if file.suffix in (".tsj", ".raw", ".lock", ".part")]
    problems += [f"left behind: {', '.join(left)}"] if left else []
    told = {(one["run"], one["item"], one["index"], one["crc"]) for one in said if "item" in one}
    return len(told), len(told - held), problems


class RunPath:
    """A run of points and waveforms, recorded and finished."""

    def __init__(
        self, name: str, points: int, waveforms: Sequence[int], finish: bool = True, durability: str = "power",
    ) -> None:
        self.name, self._points, self._waveforms, self._finish = name, points, waveforms, finish
        self._process = durability == "process"

    def prepare(self, folder: Path) -> None:
        """Make the folder."""
        folder.mkdir(parents=True)

    def write(self, folder: Path, say: Say) -> None:
        """Record."""
        head = header()
        with RunRecorder(folder, head, durability="process" if self._process else "power",
                         listener=acknowledging(say, head.run_id)) as recorder:
            for number in range(self._points):
                recorder.point(point(number))
            for number, samples in enumerate(self._waveforms):
                recorder.waveform(waveform(number, samples))
            if self._finish:
                recorder.end("success")
                recorder.finish("success")

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Compare with the run file."""
        return judge_runs(folder, said)


class RecoveryPath(RunPath):
    """The journals that crashes left are made run files by ``recover``, which is disturbed in its turn."""

    def __init__(self) -> None:
        super().__init__("recovery", 30, (4096, _LONG), finish=False)
        self._before: list[Words] = []

    def prepare(self, folder: Path) -> None:
        """Leave two journals."""
        super().prepare(folder)
        self._before = []
        for _ in range(2):
            super().write(folder, self._before.append)

    def write(self, folder: Path, say: Say) -> None:
        """Recover."""
        problems: list[str] = []
        recover(folder, problems.append)
        if problems:
            raise StorageError("; ".join(problems))

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Compare with what was acknowledged before."""
        return judge_runs(folder, self._before)


class StatePath:
    """The state of a campaign: an intent, a run and an outcome for each of its items."""

    name = "campaign state"

    def __init__(self, items: int = 15) -> None:
        self._items = items

    def prepare(self, folder: Path) -> None:
        """Make the folder."""
        folder.mkdir(parents=True)

    def write(self, folder: Path, say: Say) -> None:
        """Note."""
        states = StateFile(folder, "c")
        first = len(states.state.intents)
        for number in range(first, first + self._items):
            key = f"step/{number}"
            for kind, facts in (("intent", {"charge": key, "device": "D1"}), ("run", {"run": f"RUN{number}"}),
                                ("outcome", {"status": "success"})):
                states.note(kind, key=key, **facts)
                say({"kind": kind, "key": key})

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Look for every note, and whether the next process can go on."""
        try:
            state = read_state(folder, "c")
            known = {"intent": state.intents, "run": state.runs, "outcome": state.outcomes} if state else {}
            lost = sum(one["key"] not in known.get(str(one["kind"]), {}) for one in said)
            states = StateFile(folder, "c")
            states.note("intent", key="later", charge="later", device="D1")
            states.close()
        except StorageError as error:
            return len(said), len(said), [str(error)]
        again = read_state(folder, "c")
        whole = again is not None and "later" in again.intents
        return len(said), lost, [] if whole else ["what the next process noted is not read back"]


class DeviceRecordPath:
    """The record of two devices: charges and settlements."""

    name = "device record"

    def __init__(self, charges: int = 12) -> None:
        self._charges = charges

    def prepare(self, folder: Path) -> None:
        """Make the folder."""
        folder.mkdir(parents=True)

    def write(self, folder: Path, say: Say) -> None:
        """Charge and settle."""
        records = DeviceRecords(folder)
        for number in range(self._charges):
            name = f"{os.getpid()}:{number}"
            for device in ("W1/A", "W1/B"):
                records.charge(device, name, Dose(cycles=2.0))
                say({"device": device, "id": name, "charge": True})
                records.settle(device, name, Dose(cycles=1.0))
                say({"device": device, "id": name, "charge": False})

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Look for every charge; one that was settled is no longer open; the next process can go on."""
        records, lost = DeviceRecords(folder), 0
        try:
            for one in said:
                life = records.life(str(one["device"]))
                lost += one["id"] not in life.known or (not one["charge"] and one["id"] in life.open)
            for device in ("W1/A", "W1/B"):
                used = records.life(device).used.cycles
                records.charge(device, "later", Dose(cycles=5.0))
                if DeviceRecords(folder).life(device).used.cycles != used + 5.0:
                    return len(said), lost, [f"{device}: what the next process charged is not read back"]
        except StorageError as error:
            return len(said), len(said), [str(error)]
        return len(said), lost, []


class SidecarPath:
    """Results of later extractions, beside a run file."""

    name = "results"

    def __init__(self, extractions: int = 15) -> None:
        self._extractions = extractions

    def prepare(self, folder: Path) -> None:
        """Make a run file."""
        folder.mkdir(parents=True)
        with RunRecorder(folder, header()) as recorder:
            recorder.point(point(1))
            recorder.finish("success")

    def write(self, folder: Path, say: Say) -> None:
        """Write results."""
        (path,) = folder.glob("*.nxs")
        for number in range(self._extractions):
            results = [Result("threshold_voltage", "V", 1.0 + number, 0.9 + number, 1.1 + number, "told")] * 20
            say({"sidecar": append_extraction(path, results).name, "value": 1.0 + number})

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Read every sidecar; write one more."""
        (path,) = folder.glob("*.nxs")
        values: dict[str, float | None] = {}
        problems = inspect(path)
        for sidecar in extractions(path):
            try:
                values[sidecar.name] = read_extraction(sidecar)[0].value
            except UnreadableFile as error:
                problems.append(str(error))
        lost = sum(values.get(str(one["sidecar"])) != one["value"] for one in said)
        recover(folder)
        others = {path.name, *values, catalogue.NAME}
        problems += [f"left behind: {one.name}" for one in folder.iterdir() if one.name not in others]
        try:
            answer = answer_of(folder, ArchiveQuestion())
            problems += answer.problems
            if said and len(answer.rows) != 20:
                problems.append(f"the catalogue has {len(answer.rows)} rows of the newest extraction, not 20")
        except StorageError as error:
            problems.append(str(error))
        return len(said), lost, problems


class CataloguePath:
    """The catalogue of a folder of run files: made, brought up to date and asked."""

    name = "catalogue"

    def prepare(self, folder: Path) -> None:
        """Make run files with results."""
        folder.mkdir(parents=True)
        for number in range(3):
            with RunRecorder(folder, header()) as recorder:
                recorder.point(point(number))
                recorder.finish("success", results=[
                    Result("threshold_voltage", "V", 1.0 + number, 0.9 + number, 1.1 + number, "told")])

    def write(self, folder: Path, say: Say) -> None:
        """Make it, add a run, bring it up to date."""
        for number in range(2):
            answer_of(folder, ArchiveQuestion())
            say({"known": 3 + number})
            with RunRecorder(folder, header()) as recorder:
                recorder.point(point(number))
                recorder.finish("success", results=[
                    Result("threshold_voltage", "V", 5.0 + number, 4.9 + number, 5.1 + number, "told")])

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Ask the catalogue as it was left, and one that is made anew in the memory: the same rows."""
        recover(folder)
        try:
            answer = answer_of(folder, ArchiveQuestion())
        except StorageError as error:
            return len(said), 0, [str(error)]
        database = catalogue.in_memory()
        update(database, folder, processes=1)
        (wanted,) = database.execute("SELECT count(*) FROM results").fetchone()
        database.close()
        found, problems = sorted(row["value"] for row in answer.rows), list(answer.problems)
        files = len(list(folder.glob("*.nxs")))
        if len(found) != wanted or len(found) > files:
            problems.append(f"the catalogue has {len(found)} rows, but the {files} run files hold {wanted}")
        return len(said), 0, problems


class ExportPath:
    """A run file exported to CSV: all files of a run appear together."""

    name = "export"

    def prepare(self, folder: Path) -> None:
        """Make a run file."""
        RunPath("", 20, (1000,)).prepare(folder)
        RunPath("", 20, (1000,)).write(folder, lambda words: None)

    def write(self, folder: Path, say: Say) -> None:
        """Export."""
        (path,) = folder.glob("*.nxs")
        say({"files": sorted(one.name for one in export_run(path, "csv", folder / "exported"))})

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Export again, and find nothing else."""
        out = folder / "exported"
        (path,) = folder.glob("*.nxs")
        lost = sum(not (out / name).exists() for one in said for name in one["files"])
        made = set(export_run(path, "csv", out))
        left = [one.name for one in out.iterdir() if one not in made]
        return len(said), lost, [f"left behind: {', '.join(left)}"] if left else []


class QueuePath:
    """The queue of a bench service: jobs that come, begin and end."""

    name = "queue of the service"

    def prepare(self, folder: Path) -> None:
        """Make the folder."""
        folder.mkdir(parents=True)

    def write(self, folder: Path, say: Say) -> None:
        """Take jobs, and do every second one; an error of the disk has the words of the service."""
        try:
            self._write(folder / "q.queue", say)
        except OSError as error:
            raise StorageError(f"{folder}: the bench service cannot go on ({error}). Check the disk") from error

    @staticmethod
    def _write(file: Path, say: Say) -> None:
        queue = JobQueue(file)
        for number in range(12):
            job = queue.add(Asked("iv_sweep", "D1", "/runs", user=f"{number}"), "now")
            say({"job": job.number, "state": "waiting"})
            if number % 2:
                first = queue.first()
                assert first is not None
                queue.begin(first.number)
                say({"job": first.number, "state": "running"})
                queue.end(first.number, {"status": "success"})
                if queue.unsaved:
                    raise StorageError(queue.unsaved)
                say({"job": first.number, "state": "ended"})

    def judge(self, folder: Path, said: Sequence[Words]) -> Judgement:
        """Read the queue: what was told last of a job is true, or what would have come next."""
        order = ("waiting", "running", "ended")
        queue = JobQueue(folder / "q.queue")
        states = {int(one["job"]): str(one["state"]) for one in said}
        lost, problems = 0, list[str]()
        for number, state in states.items():
            job = queue.get(number)
            now = "ended" if job is None else job.state
            if order.index(now) not in (order.index(state), order.index(state) + 1):
                lost += 1
        latest = queue.add(Asked("iv_sweep", "D1", "/runs"), "later").number
        if latest <= max(states, default=0):
            problems.append(f"the number {latest} is given twice")
        return len(states), lost, problems


#: name -> path; of each kill and each error one is made anew
STORAGE_PATHS = {one.name: one for one in (
    RunPath("points", 400, ()), RunPath("points, durability process", 400, (), durability="process"),
    RunPath("waveforms", 3, (4096, _LONG, 4096, _LONG, _LONG, 4096)), RunPath("run file", 10, (4096, _LONG)),
    RecoveryPath(), StatePath(), DeviceRecordPath(), SidecarPath(), CataloguePath(), ExportPath(), QueuePath())}
