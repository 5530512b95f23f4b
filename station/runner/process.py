"""One run from plan to run file."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict, Unpack, runtime_checkable
from typing import Protocol as TypingProtocol

from tsbench.errors import ConfigurationError, TsbenchError, nearest
from tsbench.instruments import Plan
from tsbench.instruments.registry import DRIVERS
from tsbench.protocols import Protocol, protocol_named
from tsbench.protocols.registry import PROTOCOLS
from tsbench.quantities import format_quantity, short_quantity
from tsbench.records import RunHeader
from tsbench.station.bench.accepting import Accepted
from tsbench.station.bench.fixture_values import fixture_values, in_words
from tsbench.station.protection.control import Control, Interrupts
from tsbench.station.protection.watched import NoWatch, StandingWatchdog, needs_watchdog, watched
from tsbench.station.runner.accuracy_check import missing_accuracy
from tsbench.station.runner.charging import Settle, charged
from tsbench.station.runner.events import Events, Listener
from tsbench.station.runner.outcome import RunOutcome, unless_late
from tsbench.station.runner.output_events import outputs_told
from tsbench.station.runner.planning import arranged_plan, calling_protocol, require_interlock
from tsbench.station.runner.run_socket import RunSocket
from tsbench.station.runner.running import RunningRun, bench_time
from tsbench.station.runner.safety import RunnerBench
from tsbench.storage.journal.writer import Durability
from tsbench.storage.nexus.schema import CLOCK_AT_START
from tsbench.storage.provenance import provenance
from tsbench.storage.recorder import RunRecorder, require_place, unfinished
from tsbench.storage.run_address import ADDRESS_SUFFIX
from tsbench.storage.run_id import new_run_id, timestamp
from tsbench.storage.watchdog_events import watchdog_path

#: in a run's provenance: the values of the fixture that were asked for, quantity -> [Ohm or F]
FIXTURE_GIVEN = "fixture_given"
#: in a run's provenance: the worst case beyond the limits that a person has accepted, as ``Accepted.facts``
ACCEPTED = "accepted"


class RunOptions(TypedDict, total=False):
    """Options of a run, by name; their meaning and defaults: :func:`run_on`."""

    events: Listener | None
    control: Control | None
    extract: bool
    durability: Durability
    campaign_id: str
    user: str
    watchdog: bool | StandingWatchdog
    repeats: Sequence[str]
    fixture: Mapping[str, float] | None


def run_protocol(
    bench_path: Path | str, device: str, protocol: Protocol | str, out: Path | str, **options: Unpack[RunOptions]
) -> RunOutcome:
    """Measure one protocol on one device and leave bench, run file and outcome in order.

    Parameters
    ----------
    bench_path : Path
        The bench file.
    device : str
        Which of its devices.
    protocol : Protocol or str
        The name of a protocol stands for the protocol with its defaults.
    out, **options
        As for :func:`run_on`.

    Returns
    -------
    RunOutcome
        Also of a run that failed or was stopped: then what was measured is in its file.

    Raises
    ------
    ConfigurationError, WrongInstrument, CommunicationError
        The bench could not be opened, or no protocol has this name; nothing was measured.
    LimitError, StorageError
        As for :func:`run_on`.
    TypeError
        An option that there is not, or something that is no protocol; the bench was not opened.
    """
    if unknown := sorted(set(options) - RunOptions.__optional_keys__):
        raise TypeError(f"run_protocol has no option '{unknown[0]}'{nearest(unknown[0], RunOptions.__optional_keys__)}")
    if isinstance(protocol, str):
        protocol = protocol_named(protocol)()
    if not isinstance(protocol, Protocol):
        raise TypeError(
            f"run_protocol takes a protocol, such as IVSweep(), or its name, but was given {protocol!r:.60}")

    require_place(Path(out))   # told before the bench is opened and the run is planned
    from tsbench.station.bench.bench import Bench  # opens VISA: late

    bench = Bench.open(Path(bench_path), device)
    try:
        return run_on(bench, protocol, out, **options)
    finally:  # makes safe once more; what the outputs were read back as is in the outcome
        bench.close()


_NO_WATCHDOG = "the run has no watchdog. If this process dies or hangs, the outputs stay as they are"


def run_on(
    bench: RunnerBench,
    protocol: Protocol,
    out: Path | str,
    *,
    events: Listener | None = None,
    control: Control | None = None,
    extract: bool = True,
    durability: Durability = "power",
    campaign_id: str = "",
    user: str = "",
    watchdog: bool | StandingWatchdog = True,
    repeats: Sequence[str] = (),
    fixture: Mapping[str, float] | None = None,
) -> RunOutcome:
    """Run on a bench that is open already, and charge the run to the device record, unless its campaign does so.

    Parameters
    ----------
    bench, protocol : RunnerBench, Protocol
    out : Path
        Directory of the run file; made where it is missing.
    events : callable
        Called with every event (:class:`RunEvent`), with points and waveforms once they are on the disk. It returns
        within a fraction of a second: a measurement that stands still is killed by its watchdog.
    control : Control
        Stop, pause, resume. Without it, too, Ctrl-C, SIGTERM and SIGHUP end the run: its status is ``abort``, which a
        script must look at before it goes on to the next device. One that comes too late to end it stops the control.
    extract : bool
        Whether to extract results from the run.
    durability : "power" or "process"
        What an acknowledged item survives.
    campaign_id, user : str
        Kept in the header of the run: the identifier of a series of runs that this one belongs to, and who measures.
    watchdog : bool or StandingWatchdog
        Whether to start a watchdog: a second process that switches the outputs off if this process dies or hangs. A
        simulated bench in this process needs none. A ``StandingWatchdog`` serves several runs one after the other.
    repeats : sequence of str
        Identifiers of interrupted runs that this one is measured in place of; kept in the header's provenance.
    fixture : mapping of str to float
        Values for ``[fixture.control]``: ``load_resistance`` [Ohm], ``parallel_capacitance`` [F], of which one that is
        left out gets that of the netlist. None: what ``bench.fixture_control`` has set stays.

    Returns
    -------
    RunOutcome
        Also of a run that failed or was stopped: then what was measured is in its file.

    Raises
    ------
    ConfigurationError
        The bench lacks a role, or the watchdog did not start; nothing was switched on.
    LimitError
        The plan is beyond a limit or a budget, or needs an interlock that is open; nothing was switched on.
    StorageError
        No run can be begun in ``out``, or the device record cannot be written; nothing was sent.
    KeyboardInterrupt
        Without a control: a signal came too late to end the run. The message tells what became of it.
    """
    no_control, control, out = control is None, control or Control(), Path(out)
    with watched(bench, control, watchdog) as watch, contextlib.ExitStack() as last:
        require_interlock(bench, protocol, plan := arranged_plan(bench, protocol, fixture, not campaign_id))
        _require_device(bench, protocol)
        bench.preparation.route(protocol.roles)   # an operator who declines leaves no run behind
        header = replace(make_header(bench, protocol, plan, repeats, fixture), campaign_id=campaign_id, user=user)
        alone = watch.process_id is None and needs_watchdog(bench)
        plan = replace(plan, warnings=(*plan.warnings, *_doubts(header, protocol, alone)))
        teller = _teller(bench, events)
        recorder = RunRecorder(out, header, planned_bytes=plan.bytes, durability=durability, listener=teller.item)
        problem = _open_socket(bench, recorder.path, header.run_id, control, teller, last)
        teller.tell("state", f"run {header.run_id}", _begun(header, plan, recorder.path, watch))
        _tell_beginning(teller, header, problem, out, recorder.path)
        last.enter_context(outputs_told(bench, teller))
        run = RunningRun(bench, protocol, recorder, teller, control, plan, watch)
        with recorder, Interrupts(control).installed() as interrupts:
            with _discarded_if_refused(recorder):
                watch.begin(header.run_id, watchdog_path(recorder.path))
                settle = charged(bench, protocol, plan, header, out)
            outcome = _settled(settle, run.to_its_end(interrupts, extract), teller)
    return unless_late(interrupts.heard, outcome) if no_control else outcome


@contextlib.contextmanager
def _discarded_if_refused(recorder: RunRecorder) -> Iterator[None]:
    """Leave no run behind where its watchdog does not begin, or its charge is refused."""
    try:
        yield
    except TsbenchError:
        recorder.discard()
        raise


def _teller(bench: RunnerBench, events: Listener | None) -> Events:
    teller = Events(events)
    teller.now = bench_time(bench, 0.0)
    return teller


def _settled(settle: Settle, outcome: RunOutcome, teller: Events) -> RunOutcome:
    """Settle the charge of a run in the device record; that it cannot be written is a warning: the charge stays."""
    if problem := settle(outcome):
        teller.tell("warning", problem)
    return outcome


def _doubts(header: RunHeader, protocol: Protocol, alone: bool) -> Iterator[str]:
    """Yield what is doubtful before the run begins: ``alone``, no watchdog; the instruments; the surroundings."""
    if alone:
        yield _NO_WATCHDOG
    if "drive" in protocol.roles:
        yield from missing_accuracy(header.instruments)
    facts = header.provenance
    sets_one = bool(getattr(protocol, "temperature", ()))   # a series over temperatures
    if (stated := facts.get("temperature_stated")) is not None and not sets_one:
        yield (f"the bench file says {short_quantity(stated, 'K')} for device {header.device.identifier}, but the "
               f"chuck is at {format_quantity(facts['temperature'], 'K')}. This run does not change it. Set it with "
               "Bench.temperature.set_temperature in a script, or at the controller")


def _tell_beginning(teller: Events, header: RunHeader, problem: str, out: Path, journal: Path) -> None:
    """Tell the values of the fixture, the problem of the socket if there is one, and other runs that are unfinished."""
    if header.fixture.control:
        teller.tell("log", f"fixture: {in_words(header.fixture.control)}")
    if problem:
        teller.tell("warning", problem)
    for other in unfinished(out, journal):
        teller.tell("warning", f"{other.name}: this run is unfinished. 'tsbench recover {out}' finishes it")


def _require_device(bench: RunnerBench, protocol: Protocol) -> None:
    if not bench.device.identifier:
        raise ConfigurationError(
            f"{protocol.name}: no device is connected, and a run is stored by its device. Open the bench with a "
            "device, or connect one by Bench.positioner.connect")


@runtime_checkable
class OwnedBench(TypingProtocol):
    """A bench whose instruments this process owns, and says so."""

    @property
    def path(self) -> Path:
        """The bench file."""

    def announce(self, run: str = "", address: Path | None = None) -> None:
        """Let other processes know which run goes on; without one, that it is over."""


def _open_socket(
    bench: RunnerBench, journal: Path, run: str, control: Control, teller: Events, last: contextlib.ExitStack
) -> str:
    """Let other processes follow and stop the run until it is over; returns why they cannot, "" if they can."""
    path = journal.with_suffix(ADDRESS_SUFFIX)
    file = str(bench.path) if isinstance(bench, OwnedBench) else ""
    try:
        socket = RunSocket(path, run, file, control)
    except OSError as error:
        return (
            f"other windows cannot follow or stop this run, because its file {path} cannot be written "
            f"({error.strerror or error})")
    last.callback(socket.close)
    teller.follow(socket)
    if isinstance(bench, OwnedBench):
        bench.announce(run, path)
        last.callback(bench.announce)
    return ""


def _begun(header: RunHeader, plan: Plan, journal: Path, watch: NoWatch) -> dict[str, Any]:
    """Return the data of the event that a run begins."""
    return {
        "state": "running",
        "run": header.run_id,
        "journal": str(journal),
        "protocol": header.protocol,
        "device": header.device.identifier,
        "simulated": header.simulated,
        "planned_points": plan.points,
        "duration": plan.duration,
        **({"temperature": found} if (found := header.provenance.get("temperature")) is not None else {}),
        "watchdog": watch.process_id,
        "instruments": [{"name": name, **_who(facts)} for name, facts in header.instruments.items()],
        "columns": [{"name": c.name, "unit": c.unit} for c in header.columns],
    }


def _who(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a client shows of an instrument."""
    return {key: facts[key] for key in ("model", "resource", "visa_library", "roles", "simulated") if key in facts}


def make_header(
    bench: RunnerBench, protocol: Protocol, plan: Plan, repeats: Sequence[str] = (),
    given: Mapping[str, float] | None = None,
) -> RunHeader:
    """Return all that is known of a run before it starts; ``repeats`` and ``given`` as for :func:`run_on`."""
    instruments = bench.describe()
    device, again = bench.device, {"repeats": list(repeats)} if repeats else {}
    asked = {FIXTURE_GIVEN: fixture_values(given)} if given else {}
    with calling_protocol(protocol, "parameters"):
        parameters = protocol.parameters()
    with calling_protocol(protocol, "table"):
        columns = protocol.table()
    accepted: Accepted | None = getattr(bench, "accepted", None)
    yes = {} if accepted is None else {ACCEPTED: accepted.facts()}
    if accepted is not None:   # the limits of the device are those of the bench file, whatever this run may set
        device = replace(device, limits=accepted.limits)
    return RunHeader(
        run_id=new_run_id(protocol.name, device.identifier),
        protocol=protocol.name,
        parameters=parameters,
        columns=columns,
        device=device,
        fixture=bench.fixture,
        instruments=instruments,
        simulated=any(bool(facts.get("simulated")) for facts in instruments.values()),
        start_time=timestamp(),
        planned_points=plan.points,
        provenance={
            **provenance(), "packages": _packages(protocol, instruments), **_facts_of(bench), **again, **asked, **yes},
    )


def _packages(protocol: Protocol, instruments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the installed packages with their versions that offer the protocol and the drivers of a run."""
    drivers = (DRIVERS.offers().get(str(facts.get("driver"))) for facts in instruments.values())
    found = {offer.distribution for offer in drivers if offer is not None}
    if protocol.name in PROTOCOLS.offers():
        found.add(PROTOCOLS.offers()[protocol.name].distribution)
    return sorted(found)


def _facts_of(bench: RunnerBench) -> dict[str, Any]:
    """Return facts of the bench: its clock at the start, and its files where it has any."""
    return {CLOCK_AT_START: bench_time(bench, 0.0), **getattr(bench, "facts", dict)()}
