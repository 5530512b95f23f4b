"""Who performs a step of a campaign: anything with this interface; here, this process with an open bench."""


from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol as TypingProtocol

from tsbench.errors import CommunicationError, TsbenchError, sentences
from tsbench.protocols import Protocol
from tsbench.station.bench.accepting import Accepted, accepting
from tsbench.station.protection.control import Control
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome
from tsbench.station.runner.process import run_on
from tsbench.station.runner.safety import RunnerBench


@dataclass(frozen=True)
class StepRequest:
    """One run that is to be performed."""

    bench: Path
    device: str
    protocol: Protocol
    out: Path
    fixture: Mapping[str, float] = field(default_factory=dict)  #: quantity -> [Ohm or F]
    campaign_id: str = ""
    key: str = ""  #: its name in the campaign
    repeats: Sequence[str] = ()  #: interrupted runs that it stands in place of
    contact_again: bool = False  #: separate the device and connect it anew first: its contact was found open
    accepted: Accepted | None = None  #: the worst case beyond the limits that a person has accepted


class RunLost(CommunicationError):
    """Whoever performed a run has died: how far it came is not known."""


class StepPerformer(TypingProtocol):
    """Performs runs, one after the other."""

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        """Perform one run to its end and return how it ended, also if it failed or was stopped.

        Before anything is sent to the device, an event of the kind "state" names the run (``data["run"]``).

        Raises
        ------
        RunLost
            The run may have begun. It counts as interrupted, and the campaign ends.
        TsbenchError, OSError
            The run could not be begun; nothing was sent to the device.
        """

    @property
    def problems(self) -> Sequence[str]:
        """Return what was not left safe, one line each; with one of them the campaign ends."""

    def close(self) -> None:
        """Make safe, and give the instruments back."""


class BenchPerformer:
    """A :class:`StepPerformer` in this process: it keeps the bench open and connects each device.

    Parameters
    ----------
    open_bench : ``Bench.open``
    bench : one that is open already, or None
    watchdog : as for ``run_on``
    """

    def __init__(
        self, open_bench: Callable[[Path, str | None], RunnerBench], bench: RunnerBench | None = None,
        path: Path | None = None, *, watchdog: bool = True,
    ) -> None:
        self._open, self._bench, self._path, self._watchdog = open_bench, bench, path, watchdog
        self._problems: list[str] = []

    @property
    def problems(self) -> Sequence[str]:
        """Return what was not left safe, one line each."""
        return self._problems

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        """Perform one run; a bench on which a run failed is opened anew for the next one."""
        bench = self._bench_for(request)
        try:
            with accepting(bench, request.accepted):
                outcome = run_on(
                    bench, request.protocol, request.out, events=events, control=control, watchdog=self._watchdog,
                    campaign_id=request.campaign_id, repeats=request.repeats, fixture=request.fixture)
        except TsbenchError:
            if bench.problems:
                self.close()
            raise
        if outcome.status == "fail":
            self.close()
        return outcome

    def _bench_for(self, request: StepRequest) -> RunnerBench:
        if self._bench is not None and self._path != request.bench:
            self.close()
        if self._problems:
            raise CommunicationError(sentences("not all outputs were read back as off", *self._problems))
        if self._bench is None:
            self._bench, self._path = self._open(request.bench, request.device), request.bench
        elif self._bench.device.identifier != request.device or request.contact_again:
            try:
                self._bench.positioner.connect(request.device, request.contact_again)
            except BaseException:
                self.close()
                raise
        return self._bench

    def close(self) -> None:
        """Make the bench safe and close it; again it does nothing."""
        bench, self._bench = self._bench, None
        if bench is not None:
            bench.close()
            self._problems += bench.problems

