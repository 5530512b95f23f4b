"""One run through a bench service, with the arguments and the outcome of a run in this process."""

import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.protocols import Protocol
from tsbench.records import RunEvent
from tsbench.station.campaign.performing import RunLost, StepRequest
from tsbench.station.protection.control import Control, Interrupts
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome, unless_late
from tsbench.station.service.client import ServiceClient, ServiceJob, connect
from tsbench.station.service.connection import ServiceLost

_LOOK = 0.05  #: [s]


def run_through(
    service: ServiceClient, device: str, protocol: Protocol, out: Path | str, *,
    events: Listener | None = None, control: Control | None = None, fixture: Mapping[str, float] | None = None,
    watchdog: bool = True, repeats: Sequence[str] = (), campaign_id: str = "", user: str = "",
    questions: Listener = lambda event: None, **more: Any,
) -> RunOutcome:
    """Have a bench service perform a run, and wait for its outcome.

    A stop, pause or resume of ``control``, and Ctrl-C, reach this run only: the others in the queue go on.

    Parameters
    ----------
    service : ServiceClient
    device, protocol, out, **options
        As for :func:`~tsbench.station.runner.process.run_on`.
    questions : callable
        Gets each event before ``events`` does; it may answer what the run asks of the operator.
    **more
        ``contact_again``, ``accepted`` and ``trace``: fields of :class:`~tsbench.station.service.jobs.Asked`.

    Returns
    -------
    RunOutcome
        Also of a run that failed, was stopped, or was cancelled while it waited (status "left out").

    Raises
    ------
    TsbenchError
        The run was refused, as ``run_on`` refuses it.
    ServiceLost
        The service has died.
    KeyboardInterrupt
        As for ``run_on``.
    """
    no_control, control, tell = control is None, control or Control(), events or (lambda _: None)
    job = service.submit(
        protocol, device, out, fixture=fixture, watchdog=watchdog, repeats=list(repeats), campaign_id=campaign_id,
        user=user, **more)
    if job.before:
        tell(RunEvent("log", f"job {job.number} of the bench service waits: {job.before} "
                             f"{'run is' if job.before == 1 else 'runs are'} before it", data={"waits": job.before}))
    over = threading.Event()
    follower = threading.Thread(target=_pass_on, args=(job, control, over), name="requests", daemon=True)
    follower.start()

    def hear(event: RunEvent) -> None:
        questions(event)
        tell(event)

    try:
        with Interrupts(control).installed():
            outcome = job.wait(hear)
    finally:
        over.set()
        follower.join(1.0)
    return unless_late(control.stopped or "", outcome) if no_control else outcome


def stop_bench(bench: Path) -> None:
    """Stop what the service of a bench measures, whoever has asked for it; without a service, nothing is done."""
    with contextlib.suppress(TsbenchError), connect(bench, start=False) as service:
        if service.status()["running"] is not None:
            service.stop()


def answer_bench(bench: Path, text: str, question: int) -> None:
    """Answer what a run of the service of a bench asks; where another answer was first, nothing is done.

    Parameters
    ----------
    bench : its file
    text : the answer
    question : number of the question
    """
    with contextlib.suppress(TsbenchError), connect(bench, start=False) as service:
        service.answer(text, question)


def trace_bench(bench: Path, file: Path, on: bool) -> None:
    """Have the run of the service of a bench traced to a file from now on, or no more; without a run, nothing."""
    with contextlib.suppress(TsbenchError), connect(bench, start=False) as service:
        service.ask("trace", file=str(file), on=on)


def _pass_on(job: ServiceJob, control: Control, over: threading.Event) -> None:
    """Pass the requests to a control on to the job, until it is over."""
    paused = False
    while not over.wait(_LOOK):
        try:
            if control.stopped is not None:
                job.stop()
                return
            if control.paused is not paused:
                paused = control.paused
                (job.pause if paused else job.resume)()
        except ConfigurationError:  # it is not measured yet, or any more
            continue
        except Exception:  # noqa: BLE001  the service has died: whoever waits for the outcome says so
            return


class ServicePerformer:
    """Performs the runs of a campaign through a bench service: a :class:`~tsbench.station.campaign.StepPerformer`.

    Runs of other users take their turns between them.

    Parameters
    ----------
    service : ServiceClient
        Of the bench of the campaign.
    watchdog : bool
        As for ``run_on``.
    user : str
    questions : callable
        As for :func:`run_through`.
    trace : Path, optional
        File that gets every message on the wire.
    """

    def __init__(
        self, service: ServiceClient, *, watchdog: bool = True, user: str = "",
        questions: Listener = lambda event: None, trace: Path | None = None,
    ) -> None:
        self._trace = "" if trace is None else str(trace.absolute())
        self._service, self._watchdog, self._user, self._questions = service, watchdog, user, questions
        self._loan = contextlib.ExitStack()

    def borrow(self, control: Control, events: Listener = lambda event: None) -> None:
        """Have the instruments for a plan in this process, when its turn comes; until the first run, or ``close``.

        ``events`` hears why the turn has not come yet.
        """
        self._loan.enter_context(self._service.lent(control.stop, lambda why: events(RunEvent("warning", why))))

    @property
    def problems(self) -> Sequence[str]:
        """Return nothing: the service itself begins no run after an output that was not read back as off."""
        return ()

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        """Perform one run.

        Raises
        ------
        RunLost
            The service has died meanwhile: nobody knows how the run ended.
        """
        self._loan.close()
        if request.bench.resolve() != self._service.bench:
            raise ConfigurationError(f"the bench service has {self._service.bench}, but the run is for {request.bench}")
        try:
            return run_through(
                self._service, request.device, request.protocol, request.out, events=events, control=control,
                fixture=request.fixture, watchdog=self._watchdog, repeats=request.repeats,
                campaign_id=request.campaign_id, user=self._user, questions=self._questions,
                contact_again=request.contact_again, trace=self._trace,
                **({} if request.accepted is None else {"accepted": request.accepted.facts()}))
        except ServiceLost as error:
            raise RunLost(str(error)) from error

    def close(self) -> None:
        """Return what is borrowed; the service keeps the bench, and closes it when nobody has wanted it for long."""
        self._loan.close()
