"""A client of a bench service, for the command line, notebooks and scripts: submit, wait, follow, stop."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tsbench.errors import CommunicationError, ConfigurationError
from tsbench.protocols import Protocol, protocol_named
from tsbench.records import RunEvent
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.service.connection import ServiceConnection, ServiceLost
from tsbench.station.service.outcomes import error_named, read_outcome, refusal_of, waits_for, why_lent_later
from tsbench.station.service.place import ServicePlace, holder, living_service, place_of
from tsbench.station.service.process import start as start_service
from tsbench.storage.codec import plain
from tsbench.storage.provenance import user_name

_COMING = 5.0  #: [s] between the death of a service and the address of the next one
_LOOK = 0.05  #: [s]


class ServiceJob:
    """One run that was submitted to a bench service.

    Attributes
    ----------
    number : int
    before : int
        Runs that were before it when it was submitted.
    held : str
        Why nothing was begun then, "" if the queue went on.
    """

    def __init__(self, service: "ServiceClient", number: int, before: int = 0, held: str = "") -> None:
        self._service, self.number, self.before, self.held = service, number, before, held

    def events(self) -> Iterator[RunEvent]:
        """Yield the events of the run, the earlier ones first, until it is over; the last has the kind "ended".

        While it waits, a warning says why it cannot begin: the queue is held, or the run before it is paused.
        """
        told = ""
        with contextlib.closing(self._service.line()) as line:
            line.say({"request": "follow", "job": self.number})
            while True:
                words = line.read(None)
                kind, data = str(words.get("kind")), words.get("data") or {}
                if kind == "answer" and not data.get("accepted"):
                    raise ConfigurationError(str(words.get("message")))
                if kind == "queue" and (why := waits_for(data, self.number)) != told:
                    told = why
                    if why:
                        yield RunEvent("warning", f"job {self.number} waits, because {why}")
                if kind in {"answer", "welcome", "queue", "caught_up"}:
                    continue
                yield RunEvent(kind, str(words.get("message")), float(words.get("time") or 0.0), data)
                if kind == "ended":
                    return

    def wait(self, events: Listener | None = None) -> RunOutcome:
        """Wait until the run is over and return its outcome; ``events`` gets each event meanwhile.

        Raises
        ------
        TsbenchError
            The run was refused: the error of the process that measures.
        ServiceLost
            The service has died meanwhile.
        """
        return read_outcome(self._facts(events))

    def wait_for_plan(self) -> dict[str, Any]:
        """Wait until a plan is made and return it.

        Raises
        ------
        LimitError
            The run is beyond a limit; the message has each reason.
        TsbenchError
            The run cannot be planned, or its job was cancelled.
        """
        facts = self._facts(None)
        if "plan" not in facts:
            raise ConfigurationError(f"there is no plan: {facts.get('reason') or facts.get('status')}")
        return dict(facts["plan"])

    def _facts(self, events: Listener | None) -> Mapping[str, Any]:
        """Wait until the job is over; return its outcome as plain data, or raise what refused it."""
        for event in self.events():
            if event.kind == "ended":
                facts: Mapping[str, Any] = event.data["outcome"]
                if (error := refusal_of(facts)) is not None:
                    raise error
                return facts
            if events is not None:
                events(event)
        raise CommunicationError(f"the events of job {self.number} ended before its outcome")

    def stop(self) -> None:
        """Stop this run, or cancel it where it waits; the others go on."""
        self._service.ask("stop", job=self.number)

    def pause(self) -> None:
        """Hold this run at its next place of rest."""
        self._service.ask("pause", job=self.number)

    def resume(self) -> None:
        """Go on after a pause."""
        self._service.ask("resume", job=self.number)

    def move(self, place: int = 1) -> None:
        """Give it another place among those that wait, from 1."""
        self._service.ask("reorder", job=self.number, place=place)


class ServiceClient:
    """The bench service of a bench; safe to use from several threads. Use :func:`connect`.

    Parameters
    ----------
    facts : mapping
        What the address file says.
    view_only : bool
        Show only the token that lets look on.
    """

    def __init__(self, facts: Mapping[str, Any], view_only: bool = False) -> None:
        self._facts, self._view_only = facts, view_only
        self._lock = threading.Lock()
        self._number = 0
        self._line = self.line()
        self.bench = Path(str(facts["bench"]))

    @property
    def process(self) -> int:
        """Return the number of the process of the service."""
        return self._line.process

    @property
    def view_token(self) -> str:
        """Return the token that lets look on and change nothing."""
        return str(self._facts["view_token"])

    def line(self) -> ServiceConnection:
        """Return a new connection."""
        return ServiceConnection(self._facts, self._view_only)

    def submit(
        self, protocol: Protocol | str, device: str, out: Path | str = "runs", *,
        parameters: Mapping[str, Any] | None = None, fixture: Mapping[str, Any] | None = None, user: str = "",
        **options: Any,
    ) -> ServiceJob:
        """Ask for a run; it is measured when its turn comes.

        Parameters
        ----------
        protocol : Protocol or str
        device : str
        out : Path
            Folder of the run file.
        parameters : mapping
            Of a protocol that is given by its name.
        fixture, **options
            ``fixture``, ``campaign_id``, ``repeats``, ``extract``, ``durability``, ``watchdog``: as for ``run_on``.
        user : str
            Who measures; the user of this process where it is not given.

        Raises
        ------
        ConfigurationError
            Protocol, device, parameters or an option are wrong, or the queue is full.
        LimitError
            The run must wait, and is beyond a limit. Where its turn comes at once, or the instruments are not open,
            ``ServiceJob.wait`` raises what speaks against it.
        """
        if isinstance(protocol, str):
            protocol = protocol_named(protocol).parse(dict(parameters or {}))
        asked = {
            "protocol": protocol.name, "device": device, "out": str(Path(out).absolute()),
            "parameters": plain(protocol.model_dump()), "fixture": dict(fixture or {}), "user": user or user_name(),
            **options}
        said = self.ask("submit", asked=asked)
        return ServiceJob(self, int(said["job"]), int(said["before"]), str(said["held"]))

    def plan(
        self, protocol: Protocol | str, device: str, *, parameters: Mapping[str, Any] | None = None,
        fixture: Mapping[str, Any] | None = None, user: str = "",
    ) -> ServiceJob:
        """Ask for the worst case of a run at the device, planned when its turn comes; nothing is switched on.

        Returns
        -------
        ServiceJob
            Its ``wait_for_plan`` returns points, duration [s], bytes, ``worst_case`` and ``warnings``, as plain data.

        Raises
        ------
        ConfigurationError
            As for :meth:`submit`.
        """
        return self.submit(protocol, device, parameters=parameters, fixture=fixture, user=user, plan_only=True)

    @contextlib.contextmanager
    def lent(
        self, asked_back: Callable[[str], None] = lambda reason: None, waits: Callable[[str], None] = lambda why: None,
    ) -> Iterator[None]:
        """Have the bench to oneself when one's turn comes: the service has given the instruments free.

        Parameters
        ----------
        asked_back : callable
            Gets the reason when somebody stops what goes on; then end soon.
        waits : callable
            Gets why the turn has not come yet, whenever that changes.
        """
        with contextlib.closing(self.line()) as line:
            line.say({"request": "borrow", "user": user_name()})
            words: dict[str, Any] = {}
            told = ""
            while words.get("kind") != "lent":
                words = line.read(None)
                data = words.get("data") or {}
                if (why := why_lent_later(words, data, self.bench)) and why != told:
                    waits(told := why)
                if words.get("kind") == "answer" and not data.get("accepted"):
                    raise ConfigurationError(str(words.get("message")))
                if words.get("kind") == "ended":
                    raise ConfigurationError(f"the bench was not lent: {words.get('message')}")

            def hear() -> None:
                with contextlib.suppress(CommunicationError):
                    while True:
                        said = line.read(None)
                        if said.get("kind") == "asked_back":
                            asked_back(str(said.get("message")))

            threading.Thread(target=hear, name="loan", daemon=True).start()
            yield  # the end of the connection returns the bench

    def answer(self, text: str = "", question: int | None = None) -> None:
        """Answer what the run asks of the operator: "" means that it is done, "q" ends the run.

        Parameters
        ----------
        text : str
        question : int, optional
            Its number, as the event says; the one that is open where it is not given.

        Raises
        ------
        ConfigurationError
            Nothing is asked, or another question is.
        """
        self.ask("answer", text=text, **({} if question is None else {"question": question}))

    def job(self, number: int) -> ServiceJob:
        """Return a job by its number."""
        return ServiceJob(self, number)

    def status(self) -> dict[str, Any]:
        """Return the queue, what runs, whether the instruments are open, and why the queue is held, if it is."""
        return self.ask("status")

    def stop(self) -> None:
        """Stop what is being measured; nothing is begun until ``go_on``."""
        self.ask("stop")

    def hold(self) -> None:
        """Begin nothing until ``go_on``; the run that goes on is not stopped."""
        self.ask("hold")

    def go_on(self) -> None:
        """Begin again what waits."""
        self.ask("continue")

    def release(self) -> None:
        """Have the instruments closed and given free; the next run opens them again."""
        self.ask("release")

    def end(self) -> None:
        """End the service; refused while something is measured."""
        self.ask("end")

    def ask(self, request: str, **more: Any) -> dict[str, Any]:
        """Make a request and return what is said of it.

        Raises
        ------
        TsbenchError
            The service refused it; the message says why. Most often a ConfigurationError.
        CommunicationError
            It does not answer.
        """
        with self._lock:
            self._number += 1
            self._line.say({"request": request, "id": self._number, "user": user_name(), **more})
            while True:
                words = self._line.read()
                data = words.get("data") or {}
                if words.get("kind") == "answer" and data.get("id") == self._number:
                    break
        if not data.get("accepted"):
            raise error_named(data.get("error", "ConfigurationError"), str(words.get("message")))
        return dict(data)

    def close(self) -> None:
        """Leave; the service goes on."""
        self._line.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None,
    ) -> None:
        self.close()


def connect(bench: Path | str, *, start: bool = True, view_only: bool = False) -> ServiceClient:
    """Attach to the service of a bench.

    Parameters
    ----------
    bench : Path
        The bench file.
    start : bool
        Whether to start the service in the background where none runs.
    view_only : bool
        Only look on: requests that change anything are refused.

    Raises
    ------
    ConfigurationError
        No service runs and none is to be started, or it did not start, or it is another user's.
    """
    if start:
        start_service(bench)
    until = time.monotonic() + _COMING
    while True:
        facts = living_service(bench)
        if facts is None:
            # the lock of a service that starts is held before its address is written
            if not (place := place_of(bench)).lives or time.monotonic() > until:
                raise _not_found(place, bench)
            time.sleep(_LOOK)
            continue
        try:
            return ServiceClient(facts, view_only)
        except ServiceLost as error:
            # a service that takes the place of one that was killed holds its lock before it has written its address
            if not isinstance(error.__cause__, ConnectionRefusedError) or time.monotonic() > until:
                raise
        time.sleep(_LOOK)


def _not_found(place: ServicePlace, bench: Path | str) -> ConfigurationError:
    """Return why no service of a bench can be reached."""
    if place.lives:
        return ConfigurationError(
            f"{bench}: a bench service has this bench ({holder(place)}), but nobody can reach it, because its file "
            f"{place.address} is missing. End this process, and start the service again")
    if not place.bench.is_file():
        return ConfigurationError(f"{bench}: the bench file does not exist")
    return ConfigurationError(f"{bench}: no bench service runs. Start it with 'tsbench station {bench}'")
