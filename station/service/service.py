"""The bench service: its queue, the process that measures for it, and what its clients may ask.

One loop does everything here, and it sends the heartbeats that the measuring process listens to. So if this loop stands
still, the measuring process notices, and ends its run.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tsbench.station.runner.begun import begun_run
from tsbench.station.runner.outcome import LEFT_OUT
from tsbench.station.runner.run_socket import EventHistory
from tsbench.station.service.answers import RequestAnswers
from tsbench.station.service.child import ChildLost, MeasuringChild
from tsbench.station.service.door import Door
from tsbench.station.service.faces import Face
from tsbench.station.service.jobs import Asked, Job, JobQueue
from tsbench.station.service.outcomes import loss_facts, unmeasured_facts
from tsbench.station.service.place import ServicePlace
from tsbench.station.service.questions import ANSWERED, QUESTION
from tsbench.storage.run_address import ADDRESS_SUFFIX

_LOG = logging.getLogger(__name__)
IDLE = 600.0  #: [s] without a run after which the instruments are given free; after as long again, the service ends
_KEPT_HISTORIES = 4  #: of the latest jobs
_MOST_DEATHS = 2  #: of the measuring process one after the other, before the queue is held


class BenchService:
    """Owns a bench for all its users, until it is ended or nobody needs it.

    Parameters
    ----------
    place : ServicePlace
        Its lock is held by the caller.
    idle : float
        [s] without a run after which the instruments are given free.
    announce : callable
        Gets the run that goes on and the file that says where it can be followed; two empty texts when it is over.
    """

    def __init__(
        self, place: ServicePlace, idle: float = IDLE, announce: Callable[[str, str], None] = lambda run, address: None,
    ) -> None:
        self.place, self._announce = place, announce
        self.queue = JobQueue(place.queue)
        self.door = Door(place.address, {"bench": str(place.bench), "service": True}, self, RequestAnswers(self))
        self.held = ""  #: why nothing is begun now
        self.ending = ""  #: why the service ends
        self.open = False  #: the instruments are open
        self._idle = idle
        self._child: MeasuringChild | None = None
        self._starting = asyncio.Lock()  #: of the process that measures
        self.histories: dict[int, EventHistory[bytes]] = {}  #: by job
        self._journal = ""  #: of the run that goes on
        self.question: Mapping[str, Any] | None = None  #: that is asked of the operator: job, number and text
        self._deaths = 0
        self._releasing = False
        self._loans: dict[int, tuple[Face, asyncio.Event]] = {}  #: by job: to whom, and whether it is returned
        self._news = asyncio.Event()
        self._rested = time.monotonic()  #: since when nothing has been measured or asked

    async def serve(self) -> str:
        """Work until the service is ended, by a client, by ``end`` or because nobody needs it; returns why."""
        await self.door.open()
        worker: asyncio.Task[None] | None = None
        in_order = False
        try:
            if self.queue.waiting:
                self.held = "the bench service before this one was killed"
            for job in self.queue.lost:
                await self._recover(job, "the bench service was killed during this run")
            worker = asyncio.create_task(self._work())
            await worker
            in_order = True
        finally:
            if worker is not None:
                worker.cancel()
            if self._child is not None:
                await self._child.leave()
            for job in self.queue.waiting if in_order else ():
                self.end_job(job, unmeasured_facts(
                    job.asked, LEFT_OUT, f"the bench service has ended: {self.ending}"))
            await self.door.close()
            if in_order:
                self.queue.forget()
        return self.ending

    def end(self, reason: str) -> None:
        """Stop the run that goes on, then end."""
        self.ending = self.ending or reason
        if self._child is not None and self.queue.running is not None:
            self._child.say(request="stop", reason=reason)
        for number, (_, returned) in self._loans.items():  # who has borrowed the bench keeps it without this service
            self.ask_back(number, reason)
            returned.set()
        self._news.set()

    # ---------------------------------------------------------------------------------------------- the work

    async def _work(self) -> None:
        """Do one job after the other."""
        while not self.ending:
            self._news.clear()
            job = None if self.held else self.queue.first()
            if job is not None:
                try:
                    await (self._lend_now(job) if job.lent else self._perform(job))
                except OSError as error:
                    self.hold(f"the bench service cannot go on ({error})")
            elif self._releasing:
                await self._release()
            else:
                await self._wait()

    async def _wait(self) -> None:
        """Wait for news; give the instruments free when nobody has wanted them for long, then end."""
        rest = self._rested + self._idle * (1 if self.open else 2) - time.monotonic()
        try:
            async with asyncio.timeout(max(rest, 0.0)):
                await self._news.wait()
        except TimeoutError:
            if self.open:
                await self._release()
            elif not self.door.faces and not self.queue.waiting:
                self.ending = "nobody needs it"
            else:
                self._rested = time.monotonic()

    async def _perform(self, job: Job) -> None:
        self.queue.begin(job.number)
        self.histories[job.number] = EventHistory()
        for number in list(self.histories)[:-_KEPT_HISTORIES]:
            del self.histories[number]
        self._journal = ""
        self.tell_queue()
        try:
            child = await self.living_child()
            said = await child.order(do="measure", job=job.number, asked=vars(job.asked))
        except ChildLost as lost:
            await self._after_death(job, str(lost))
        except OSError as error:
            self.hold(f"the measuring process cannot be started ({error})")
            self.end_job(job, loss_facts(self.held, job.asked.protocol, job.asked.device))
        else:
            self._deaths = 0
            self.open = bool(said.get("open"))
            self.end_job(job, said["outcome"])
            outputs = said["outcome"].get("outputs") or {}
            if any(state is not False for state in outputs.values()):
                self.hold(f"after job {job.number}, not all outputs were read back as off")
        self._rested = time.monotonic()

    async def _lend_now(self, job: Job) -> None:
        """Give the instruments free, and wait until the client has returned the bench or has left."""
        self.queue.begin(job.number)
        self.tell_queue()
        await self._release()
        face, returned = self._loans[job.number]
        if face in self.door.faces:
            face.say("lent", job=job.number)
            await returned.wait()
        self._loans.pop(job.number, None)
        self.end_job(job, unmeasured_facts(job.asked, "success"))
        self._rested = time.monotonic()

    async def _after_death(self, job: Job, reason: str) -> None:
        """The measuring process has died in a run: its watchdog switches off, and a new process recovers the run."""
        self._deaths += 1
        self.open, self._child = False, None
        _LOG.error("job %d: %s", job.number, reason)
        if self._deaths >= _MOST_DEATHS:
            self.hold(f"the measuring process has died {self._deaths} times, one after the other")
        await self._recover(job, reason)

    async def _recover(self, job: Job, reason: str) -> None:
        """Have the run file made of what a process that died has left, and end the job."""
        asked, run = job.asked, (self.queue.get(job.number) or job).run
        if not run and not job.lent and (run := begun_run(Path(asked.out), asked.protocol, asked.device, job.begun)):
            self.queue.note_run(job.number, run)   # its process died before it said the name
        lost = loss_facts(reason, asked.protocol, asked.device, run, self._journal or None)
        if run:
            try:
                child = await self.living_child()
                said = await child.order(
                    do="recover", job=job.number, out=asked.out, run=run, reason=reason, protocol=asked.protocol,
                    device=asked.device)
                self.open, lost = bool(said.get("open")), {**lost, **said["outcome"]}
            except ChildLost as again:
                self.open, self._child = False, None
                lost["reason"] = (
                    f"{reason}. Its data could not be recovered: {again}. Run 'tsbench recover {asked.out}'")
                self.hold("the measuring process has died while it recovered a run")
        self.end_job(job, lost)

    async def _release(self) -> None:
        """Give the instruments free."""
        self._releasing = False
        if self._child is not None:
            try:
                said = await self._child.order(do="release")
                for problem in said.get("problems") or ():
                    self.door.tell_all("warning", str(problem), {})
            except ChildLost:
                self._child = None
        self.open = False
        self._rested = time.monotonic()
        self.tell_queue()

    async def living_child(self) -> MeasuringChild:
        """Return the process that measures, which is started where there is none; OSError where it cannot be."""
        async with self._starting:
            if self._child is None or not self._child.alive:
                self._child = MeasuringChild(self.place.bench, self._hear)
                await self._child.start()
            return self._child

    def _hear(self, line: bytes, words: Mapping[str, Any]) -> None:
        """Pass a line of the measuring process on to who follows its job."""
        kind, data = str(words.get("kind")), words.get("data") or {}
        job = self.queue.running
        if kind == "child" or job is None:
            return
        if data.get("state") == "running" and data.get("run"):
            self._journal = str(data.get("journal", ""))
            self.queue.note_run(job.number, str(data["run"]))
            self._announce(str(data["run"]), str(Path(self._journal).with_suffix(ADDRESS_SUFFIX)))
            self.open = True
            self.tell_queue()
        if kind in {QUESTION, ANSWERED}:
            self.question = None if kind == ANSWERED else {
                "job": job.number, "number": data.get("question"), "text": str(words.get("message"))}
            self.tell_queue()
        if (history := self.histories.get(job.number)) is not None:
            history.keep(line, kind)
        for face in self.door.faces:
            if face.follows == job.number:
                face.pass_on(line, kind)

    def end_job(self, job: Job, outcome: Mapping[str, Any]) -> None:
        """Note how a job ended, and tell it."""
        self.queue.end(job.number, outcome)
        if self.queue.unsaved:
            self.hold(self.queue.unsaved)
        if self.question is not None and self.question["job"] == job.number:
            self.question = None
        self._announce("", "")
        for face in self.door.faces:
            if face.follows == job.number:
                face.say("ended", str(outcome.get("status")), job=job.number, outcome=outcome)
        self.tell_queue()

    def hold(self, reason: str) -> None:
        """Begin nothing until somebody says so."""
        self.held = reason
        _LOG.warning("the queue is held: %s", reason)
        self.tell_queue()

    def tell_queue(self) -> None:
        """Tell every client the state."""
        self.door.tell_all("queue", "", self.state())

    def state(self) -> dict[str, Any]:
        """Return what every client may know: the queue, what runs, whether the instruments are open."""
        running = self.queue.running
        return {
            "bench": str(self.place.bench), "running": None if running is None else running.number, "held": self.held,
            "open": self.open, "clients": len(self.door.faces), "jobs": self.queue.summaries(),
            "question": self.question,
            "measuring_process": self._child.number if self._child is not None and self._child.alive else None,
        }

    def go_on(self) -> None:
        """Begin again what waits."""
        self.held, self._deaths = "", 0
        self.wake()

    def wake(self) -> None:
        """There is something to do."""
        self._rested = time.monotonic()
        self._news.set()

    def say_to_run(self, **words: Any) -> bool:
        """Say something to the process that measures; False where there is none."""
        if self._child is None:
            return False
        self._child.say(**words)
        return True

    def want_release(self) -> None:
        """Give the instruments free as soon as nothing is measured."""
        self._releasing = True
        self._news.set()

    # ------------------------------------------------------------------------------------------ the clients

    def admitted(self, face: Face) -> None:
        """A client has come: it hears what is in the queue."""
        face.say("queue", **self.state())

    def gone(self, face: Face) -> None:
        """A client has left: what it has borrowed is returned. Where it was the last one, the service may end."""
        for number, (borrower, returned) in list(self._loans.items()):
            if borrower is face:
                returned.set()
                job = self.queue.get(number)
                if job is not None and self.queue.waits(number):
                    del self._loans[number]
                    self.end_job(job, unmeasured_facts(job.asked, LEFT_OUT, "its client has left"))
        self._news.set()

    def lend(self, face: Face, asked: Asked, since: str) -> Job:
        """Put a loan of the bench into the queue."""
        job = self.queue.add(asked, since, lent=True)
        self._loans[job.number] = (face, asyncio.Event())
        self.wake()
        return job

    def ask_back(self, number: int, reason: str) -> None:
        """Ask who has borrowed the bench to return it."""
        if number in self._loans:
            self._loans[number][0].say("asked_back", reason, job=number)

    def give_back(self, face: Face, number: int) -> None:
        """The bench has been returned; ValueError where this client has not borrowed it."""
        if number not in self._loans or self._loans[number][0] is not face:
            raise ValueError(f"this client has not borrowed the bench by job {number}")
        self._loans[number][1].set()
