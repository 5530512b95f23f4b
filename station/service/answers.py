"""What clients may ask of a bench service, and what is said of it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from tsbench.station.runner.outcome import LEFT_OUT
from tsbench.station.runner.run_socket import EventHistory
from tsbench.station.service.child import MeasuringChild
from tsbench.station.service.faces import Face
from tsbench.station.service.jobs import Asked, Job, JobQueue, file_in, read_asked, truth_in
from tsbench.station.service.outcomes import unmeasured_facts
from tsbench.station.service.questions import LONGEST_ANSWER
from tsbench.station.service.requests import number_in, who_in

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reply:
    """What is said of a request, and what is done as soon as it is said."""

    data: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[], None] = lambda: None


class RequestRefused(ValueError):
    """A request that an error of the measuring process speaks against."""

    def __init__(self, message: str, error: str) -> None:
        super().__init__(message)
        self.error = error  #: its name


class Working(Protocol):
    """The service, as requests see it."""

    queue: JobQueue
    held: str
    ending: str
    histories: dict[int, EventHistory[bytes]]
    question: Mapping[str, Any] | None

    def state(self) -> dict[str, Any]:
        """Return what every client may know: the queue, what runs, whether the instruments are open."""

    def tell_queue(self) -> None:
        """Tell every client the state."""

    def wake(self) -> None:
        """There is something to do."""

    def hold(self, reason: str) -> None:
        """Begin nothing until somebody says so."""

    def go_on(self) -> None:
        """Begin again what waits."""

    async def living_child(self) -> MeasuringChild:
        """Return the process that measures, which is started where there is none; OSError where it cannot be."""

    def end_job(self, job: Job, outcome: Mapping[str, Any]) -> None:
        """Note how a job ended, and tell it."""

    def say_to_run(self, **words: Any) -> bool:
        """Say something to the process that measures; False where there is none."""

    def lend(self, face: Face, asked: Asked, since: str) -> Job:
        """Put a loan of the bench into the queue."""

    def ask_back(self, number: int, reason: str) -> None:
        """Ask who has borrowed the bench to return it."""

    def give_back(self, face: Face, number: int) -> None:
        """The bench has been returned; ValueError where this client has not borrowed it."""

    def want_release(self) -> None:
        """Give the instruments free."""

    def end(self, reason: str) -> None:
        """Stop the run that goes on, then end."""


class RequestAnswers:
    """Carries out what clients ask.

    Parameters
    ----------
    service : Working
    """

    def __init__(self, service: Working) -> None:
        self.service = service

    async def answer(self, face: Face, request: str, asked: Mapping[str, Any]) -> Reply:
        """Carry out a request of a client; ValueError says why it cannot be, and ``RequestRefused`` by which error."""
        if self.service.ending and request not in {"queue", "status", "follow"}:
            raise ValueError(f"this bench service ends: {self.service.ending}")
        if request == "submit":
            return await self._submitted(asked)
        act = getattr(self, f"_do_{request}")
        reply: Reply = act(face, asked)
        return reply

    def _do_queue(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        return Reply(self.service.state())

    def _do_status(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        return Reply(self.service.state())

    def _do_follow(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        """Send the earlier events of a job, then each as it happens, then its outcome."""
        number = number_in(asked, "job")
        job = self.service.queue.get(number)
        if job is None:
            raise ValueError(f"there is no job {number}")

        def begin() -> None:
            history = self.service.histories.get(number)
            left_out = history.points_left_out if history is not None else 0
            face.pass_all([] if history is None else history.told())
            face.follows = number
            face.say("caught_up", points_left_out=left_out)
            known = self.service.queue.get(number)
            if known is not None and known.outcome is not None:
                face.say("ended", str(known.outcome.get("status")), job=number, outcome=known.outcome)

        return Reply({"job": number, "state": job.state}, begin)

    async def _submitted(self, asked: Mapping[str, Any]) -> Reply:
        facts = asked.get("asked")
        if not isinstance(facts, Mapping):
            raise ValueError("the field 'asked' is missing: an object with protocol, device, out and more")
        wanted = read_asked(facts)
        error, reason = await self._objection(wanted)   # its turn may come hours later
        if error:
            raise RequestRefused(reason, error)
        job = self.service.queue.add(wanted, _now())
        _LOG.info("job %d: %s asks for %s on %s", job.number, job.asked.user or "somebody", job.asked.protocol,
                  job.asked.device)
        self.service.wake()
        return self._queued(job)

    async def _objection(self, asked: Asked) -> tuple[str, str]:
        """Return name and text of the error that speaks against a job already now; two empty texts for none."""
        state = self.service.state()
        waits = state["held"] or state["running"] is not None or self.service.queue.waiting
        if not waits or not Path(state["bench"]).is_file():
            return "", ""   # its turn comes at once, and shows it
        try:
            said = await (await self.service.living_child()).check(vars(asked))
        except OSError:   # it cannot be started: the turn of the job will show it
            return "", ""
        return str(said.get("error") or ""), str(said.get("reason") or "")

    def _queued(self, job: Job) -> Reply:
        before = len(self.service.queue.waiting) - 1 + (self.service.queue.running is not None)
        return Reply({"job": job.number, "before": before, "held": self.service.held}, self.service.tell_queue)

    def _do_borrow(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        """Lend the bench to a client when its turn comes: it opens the instruments itself, until it returns it."""
        loan = Asked("bench lent", "", "/", user=who_in(asked))
        return self._queued(self.service.lend(face, loan, _now()))

    def _do_return(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        self.service.give_back(face, number_in(asked, "job"))
        return Reply()

    def _do_cancel(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        number = number_in(asked, "job")
        job = self.service.queue.get(number)
        if job is None or not self.service.queue.waits(number):
            raise ValueError(f"job {number} does not wait. Ask for 'stop' to end a run")
        self.service.end_job(job, unmeasured_facts(job.asked, LEFT_OUT, f"cancelled{_by(asked)}"))
        return Reply({"job": number})

    def _do_reorder(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        number = number_in(asked, "job")
        self.service.queue.move(number, number_in(asked, "place", 1))
        return Reply({"job": number}, self.service.tell_queue)

    def _do_pause(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        return self._pausing("pause", asked)

    def _do_resume(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        return self._pausing("resume", asked)

    def _pausing(self, request: str, asked: Mapping[str, Any]) -> Reply:
        """Pause the run that goes on, or let it go on; everybody is told by whom."""
        running = self.service.queue.running
        if running is not None and running.number == number_in(asked, "job", running.number):
            if running.lent:
                raise ValueError(f"job {running.number} is a loan of the bench to {running.asked.user}, and no run. "
                                 "It cannot be paused")
            if request == "pause" and running.paused:
                raise ValueError(f"job {running.number} is paused already: {running.paused}")
        reply = self._request(request, asked)
        if running is not None:
            self.service.queue.note_pause(
                running.number, f"paused{_by(asked)} since {_now()}" if request == "pause" else "")
        return Reply(reply.data, self.service.tell_queue)

    def _do_stop(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        """Stop one job; without its number, the run that goes on, and nothing is begun until somebody says so."""
        reason = f"stopped{_by(asked) or ' by the operator'}"
        if "job" not in asked:
            self.service.hold(reason)
        elif self.service.queue.waits(number_in(asked, "job")):
            return self._do_cancel(face, asked)
        return self._request("stop", asked, reason, needed="job" in asked)

    def _do_emergency(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        reason = f"emergency stop{_by(asked)}"
        self.service.hold(reason)
        return self._request("emergency", asked, reason, needed=False)

    def _request(self, request: str, asked: Mapping[str, Any], reason: str = "", needed: bool = True) -> Reply:
        """Pass a request on to the run that goes on."""
        running = self.service.queue.running
        number = number_in(asked, "job", running.number if running is not None else 0)
        if running is None or running.number != number:
            if needed:
                raise ValueError(f"job {number} is not being measured" if number else "nothing is being measured")
            return Reply({"job": None})
        _LOG.info("job %d: %s%s", number, request, _by(asked))
        if running.lent:
            self.service.ask_back(number, reason or request)
            return Reply({"job": number})
        self.service.say_to_run(request=request, reason=reason)
        return Reply({"job": number})

    def _do_answer(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        """Answer the question that the run asks; the first answer counts."""
        question = self.service.question
        if question is None:
            raise ValueError("nothing is asked now")
        number = number_in(asked, "question", question["number"])
        if number != question["number"]:
            raise ValueError(f"question {number} is not open any more. Question {question['number']} is: "
                             f"{question['text']}")
        text = asked.get("text", "")
        if not isinstance(text, str) or len(text) > LONGEST_ANSWER:
            raise ValueError(f"the answer must be a text of at most {LONGEST_ANSWER} characters")
        _LOG.info("job %d: question %d is answered%s", question["job"], number, _by(asked))
        self.service.say_to_run(answer=text, question=number)
        return Reply({"job": question["job"], "question": number})

    def _do_trace(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        """Write the messages of the run that goes on to a file too from now on, or no more."""
        running = self.service.queue.running
        if running is None or running.lent:
            raise ValueError("nothing is being measured")
        if not (file := file_in(asked, "file")):
            raise ValueError("the request 'trace' needs the field 'file', an absolute path")
        self.service.say_to_run(trace=file, on=truth_in(asked, "on"))
        return Reply({"job": running.number})

    def _do_hold(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        self.service.hold(f"held{_by(asked)}")
        return Reply()

    def _do_continue(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        self.service.go_on()
        return Reply({}, self.service.tell_queue)

    def _do_release(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        if self.service.queue.running is not None:
            raise ValueError(f"job {self.service.queue.running.number} is being measured. Stop it first")
        self.service.want_release()
        return Reply()

    def _do_end(self, face: Face, asked: Mapping[str, Any]) -> Reply:
        if self.service.queue.running is not None:
            raise ValueError(f"job {self.service.queue.running.number} is being measured. Stop it first")
        return Reply({}, lambda: self.service.end(f"ended{_by(asked) or ' by a client'}"))


def _now() -> str:
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _by(asked: Mapping[str, Any]) -> str:
    who = who_in(asked)
    return f" by {who}" if who else ""
