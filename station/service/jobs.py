"""What a service is asked to measure, and in which order: plain data without processes or sockets."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from tsbench.station.bench.accepting import Accepted
from tsbench.station.service.place import is_mine
from tsbench.storage.run_address import write_address
from tsbench.storage.run_id import timestamp

MOST_WAITING = 1000  #: jobs
_KEPT_ENDED = 200  #: jobs that have ended and are still known
_LONGEST_TEXT = 4096
_DURABILITIES = ("power", "process")
_PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True)
class Asked:
    """One run that somebody asks for; the fields are those of ``run_on``."""

    protocol: str
    device: str
    out: str  #: folder of the run file, an absolute path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fixture: Mapping[str, Any] = field(default_factory=dict)  #: quantity -> [Ohm or F]
    user: str = ""
    campaign_id: str = ""
    repeats: tuple[str, ...] = ()
    contact_again: bool = False  #: the device is separated and connected anew first
    extract: bool = True
    durability: str = "power"
    watchdog: bool = True
    accepted: Mapping[str, Any] | None = None  #: the worst case beyond the limits that a person has accepted
    trace: str = ""  #: file that gets every message on the wire, an absolute path; "": none
    plan_only: bool = False  #: only the worst case is wanted: no output is switched on and no device is moved


@dataclass(frozen=True)
class Job:
    """One run in the queue of a service."""

    number: int
    asked: Asked
    since: str  #: local time at which it was asked for
    state: str = "waiting"  #: then "running", "ended"
    begun: str = ""  #: time in UTC at which it was begun; "" before
    run: str = ""  #: identifier of its run, once it has one
    paused: str = ""  #: by whom and since when it is paused; "" where it is not
    lent: bool = False  #: no run: the bench is lent to a client, as long as it is attached
    outcome: Mapping[str, Any] | None = None  #: once it has ended

    def summary(self) -> dict[str, Any]:
        """Return what a client shows of it."""
        ended = {} if self.outcome is None else {key: self.outcome.get(key) for key in ("status", "reason", "path")}
        return {
            "job": self.number, "state": self.state, "device": self.asked.device,
            "protocol": f"plan of {self.asked.protocol}" if self.asked.plan_only else self.asked.protocol,
            "user": self.asked.user, "since": self.since, "run": self.run, "paused": self.paused,
            "out": "" if self.lent else self.asked.out,
            **ended,
        }


def read_asked(facts: Mapping[str, Any]) -> Asked:
    """Read what a client asks for.

    Raises
    ------
    ValueError
        One line: what is wrong with it. Whether protocol, device and parameters exist is found out by the process that
        measures.
    """
    known = {item.name for item in fields(Asked)}
    if unknown := sorted(set(facts) - known):
        raise ValueError(f"unknown field '{unknown[0]:.60}'. The fields are {', '.join(sorted(known))}")
    texts = {name: _text(facts, name) for name in (
        "protocol", "device", "out", "user", "campaign_id", "trace")}
    for name in ("protocol", "device", "out"):
        if not texts[name]:
            raise ValueError(f"the field '{name}' is missing")
    for name in ("out", "trace"):
        file_in(facts, name)
    repeats = facts.get("repeats", [])
    if not isinstance(repeats, list) or not all(isinstance(one, str) and len(one) <= 200 for one in repeats):
        raise ValueError("repeats must be a list of identifiers of runs")
    durability = facts.get("durability", "power")
    if durability not in _DURABILITIES:
        raise ValueError(f"durability must be {' or '.join(_DURABILITIES)}")
    accepted = Accepted.read(facts.get("accepted"))
    return Asked(
        **texts, parameters=_plain_values(facts, "parameters"), fixture=_plain_values(facts, "fixture"),
        repeats=tuple(repeats), extract=truth_in(facts, "extract"), watchdog=truth_in(facts, "watchdog"),
        contact_again=truth_in(facts, "contact_again", False), plan_only=truth_in(facts, "plan_only", False),
        durability=durability, accepted=None if accepted is None else accepted.facts())


def file_in(facts: Mapping[str, Any], name: str) -> str:
    """Return the absolute path of a file or folder, "" where there is none; ValueError where it is another text."""
    text = _text(facts, name)
    if text and not Path(text).is_absolute():
        raise ValueError(f"{name} must be an absolute path, not '{text}'")
    return text


def _text(facts: Mapping[str, Any], name: str) -> str:
    text = facts.get(name, "")
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT or not (text == "" or text.isprintable()):
        raise ValueError(f"the field '{name}' must be a printable text of at most {_LONGEST_TEXT} characters")
    return text


def truth_in(facts: Mapping[str, Any], name: str, otherwise: bool = True) -> bool:
    """Return a truth value; ValueError where it is another value."""
    value = facts.get(name, otherwise)
    if not isinstance(value, bool):
        raise ValueError(f"the field '{name}' must be true or false")
    return value


def _plain_values(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a table of values: numbers, texts, truth values and lists of them."""
    table = facts.get(name, {})
    if not isinstance(table, Mapping):
        raise ValueError(f"the field '{name}' must be an object with a value for each name")
    for key, value in table.items():
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, _PLAIN) or (isinstance(item, float) and not math.isfinite(item)):
                raise ValueError(f"{name}: the value of '{key:.60}' must be a number, a text, true or false, or a list "
                                 "of them")
    return dict(table)


class JobQueue:
    """The jobs of a service in their order; kept in a file, so that it survives the service.

    Parameters
    ----------
    file : Path
        A queue that a service left that was killed is read from there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._jobs: dict[int, Job] = {}  #: by number; those that wait are in the order of ``_waiting``
        self._waiting: list[int] = []
        self._latest = 0
        self.lost: list[Job] = []  #: were running when the service before was killed
        self.unsaved = ""  #: why the file is not as the queue is, "" where it is
        self._read()

    def add(self, asked: Asked, since: str, lent: bool = False) -> Job:
        """Put a job at the end of the queue.

        Raises
        ------
        ValueError
            The queue is full.
        OSError
            The disk refuses it: the job is not in the queue.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise ValueError(f"{MOST_WAITING} runs are waiting already. Wait, or cancel some of them")
        self._latest += 1   # a number is given once, whatever the disk says
        job = Job(self._latest, asked, since, lent=lent)
        self._keep({**self._jobs, job.number: job}, [*self._waiting, job.number])
        return job

    def first(self) -> Job | None:
        """Return the job that is next, None where none waits."""
        return self._jobs[self._waiting[0]] if self._waiting else None

    def begin(self, number: int) -> Job:
        """Take a job out of those that wait: it is being measured. It is on the disk before anything is sent.

        Raises
        ------
        OSError
            The disk refuses it: the job waits as before.
        """
        job = replace(self._jobs[number], state="running", begun=timestamp())
        self._keep({**self._jobs, number: job}, [one for one in self._waiting if one != number])
        return job

    def note_run(self, number: int, run: str) -> None:
        """Note the identifier of the run of a job, in the memory also where the disk refuses it (``unsaved``)."""
        self._jobs[number] = replace(self._jobs[number], run=run)
        self._try_to_save()

    def note_pause(self, number: int, paused: str) -> None:
        """Note by whom and since when the job that runs is paused, "" when it goes on; in the memory only."""
        self._jobs[number] = replace(self._jobs[number], paused=paused)

    def end(self, number: int, outcome: Mapping[str, Any]) -> Job:
        """Note how a job ended, in the memory also where the disk refuses it (``unsaved``)."""
        if number in self._waiting:
            self._waiting.remove(number)
        job = self._jobs[number] = replace(self._jobs[number], state="ended", outcome=outcome, paused="")
        ended = [one for one, known in self._jobs.items() if known.state == "ended"]
        for one in ended[:-_KEPT_ENDED]:
            del self._jobs[one]
        self._try_to_save()
        return job

    def move(self, number: int, place: int) -> None:
        """Give a job that waits another place among those that wait, from 1; ValueError where it does not wait.

        Parameters
        ----------
        number : of the job
        place : 1: the next one
        """
        if number not in self._waiting:
            raise ValueError(f"job {number} does not wait")
        waiting = [one for one in self._waiting if one != number]
        waiting.insert(max(place - 1, 0), number)
        self._keep(self._jobs, waiting)

    def get(self, number: int) -> Job | None:
        """Return a job, None where there is none of this number."""
        return self._jobs.get(number)

    def waits(self, number: int) -> bool:
        """Whether a job waits."""
        return number in self._waiting

    @property
    def waiting(self) -> list[Job]:
        """Return the jobs that wait, in order."""
        return [self._jobs[number] for number in self._waiting]

    @property
    def running(self) -> Job | None:
        """Return the job that is being measured."""
        return next((job for job in self._jobs.values() if job.state == "running"), None)

    def summaries(self, ended: int = 20) -> list[dict[str, Any]]:
        """Return the latest that have ended, the one that runs, and those that wait in order."""
        over = [job for job in self._jobs.values() if job.state == "ended"][-ended:]
        running = [] if self.running is None else [self.running]
        return [job.summary() for job in (*over, *running, *self.waiting)]

    def _keep(self, jobs: dict[int, Job], waiting: list[int]) -> None:
        """Write what waits and what runs, then let it be so; OSError where the disk refuses it: all is as before."""
        _write(self._file, self._latest, jobs, waiting)
        self._jobs, self._waiting, self.unsaved = jobs, waiting, ""

    def _try_to_save(self) -> None:
        try:
            self._keep(self._jobs, self._waiting)
        except OSError as error:
            self.unsaved = f"{self._file}: the queue cannot be written ({error.strerror or error}). Check the disk"

    def forget(self) -> None:
        """Remove the file: nothing waits, and the service ends in order."""
        self._file.unlink(missing_ok=True)

    def _read(self) -> None:
        """Take over what an earlier service left; a file that cannot be used is left out."""
        try:
            if not is_mine(self._file):
                return
            kept = json.loads(self._file.read_text("utf-8"))
            self._latest = int(kept["latest"])
            for facts in kept["jobs"]:
                facts["asked"]["repeats"] = list(facts["asked"].get("repeats", ()))
                job = Job(**{**facts, "asked": read_asked(facts["asked"])})
                self._jobs[job.number] = job
                if job.state == "waiting":
                    self._waiting.append(job.number)
                else:
                    self.lost.append(job)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self._jobs, self._waiting, self.lost = {}, [], []


def _write(file: Path, latest: int, jobs: Mapping[int, Job], waiting: Sequence[int]) -> None:
    """Write what waits and what runs; the file is never seen in part. A loan ends with its client."""
    running = [job for job in jobs.values() if job.state == "running"][:1]
    kept = [asdict(job) for job in (*running, *(jobs[number] for number in waiting)) if not job.lent]
    write_address(file, {"latest": latest, "jobs": kept})
