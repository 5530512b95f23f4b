"""Takes the same steps with each instrument of a bench and with its twin, and finds the differences."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tsbench.conform.comparing import Difference, Twin, compare
from tsbench.conform.dialogue import DialogueStep
from tsbench.conform.resistor_check import NotTheResistor
from tsbench.conform.steps import STEPS, questions
from tsbench.conform.transcript import ActRecorder, Exchange, Transcript, TranscriptStep
from tsbench.conform.twin import TWINS, twin_of, write_twin
from tsbench.errors import CommunicationError, ConfigurationError, TsbenchError, nearest
from tsbench.instruments.registry import entry
from tsbench.plugins import in_words
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_tables import InstrumentTable
from tsbench.station.protection.control import EndsAtOnce
from tsbench.station.protection.protecting import protected
from tsbench.station.protection.watched import NoWatch
from tsbench.version import __version__

TOLERANCE = 1e-3  #: relative, of a resistor: that of a good part, or of its measurement with a multimeter
_SHORTEST_SERIAL = 4  #: characters: a shorter serial number may stand in a reply by chance


@dataclass(frozen=True)
class Finding:
    """What came out for one instrument."""

    name: str
    transcript: Transcript
    differences: tuple[Difference, ...] = ()
    problem: str = ""  #: why nothing could be compared
    facts: Mapping[str, Any] = field(default_factory=dict)


def conform(
    path: Path, resistors: Mapping[str, float] | None = None, tell: Callable[[str], None] = lambda line: None,
    tolerance: float = TOLERANCE, keep: Callable[[Finding], None] = lambda finding: None,
) -> list[Finding]:
    """Compare every instrument of a bench with its virtual twin.

    Parameters
    ----------
    path : the bench file
    resistors : terminal -> [Ohm] of a resistor that is connected to it; the outputs of all others stay off
    tell : called with one line at the beginning of each part
    tolerance : relative, of the resistors
    keep : called with the finding of each instrument when it is there: an error at a later one loses nothing

    Raises
    ------
    TsbenchError
        The file is wrong, an instrument does not answer or is another one, or another resistance than the stated one is
        at a source meter.
    """
    resistors = dict(resistors or {})
    findings = []
    with EndsAtOnce("the comparison").installed() as interrupts:
        with Bench.open(path) as bench, protected(bench, "comparison with the twins", interrupts) as watch:
            resistors = _at_outputs(bench, resistors)
            for name in bench.instruments.connections:
                findings.append(_conform_one(bench, name, _of(name, resistors), tell, watch, tolerance))
                keep(findings[-1])
                interrupts.look()
        interrupts.look()
    return findings


def _at_outputs(bench: Bench, resistors: Mapping[str, float]) -> dict[str, float]:
    """Return the resistors by the names of the outputs: the name of an instrument alone means its first one.

    Raises
    ------
    ConfigurationError
        There is no such output, or two resistors are at one.
    """
    outputs = {name: tuple(found.driver.output_names) for name, found in bench.instruments.connections.items()}
    known = [output for names in outputs.values() for output in names]
    found: dict[str, float] = {}
    for terminal, value in resistors.items():
        output = next(iter(outputs.get(terminal, ())), terminal)
        if output not in known:
            raise ConfigurationError(
                f"resistor at '{terminal}': the bench has no such output{nearest(terminal, known)}")
        if output in found:
            raise ConfigurationError(f"resistor at '{terminal}': another resistor is stated for the output '{output}'")
        found[output] = value
    return found


def _of(name: str, resistors: Mapping[str, float]) -> dict[str, float]:
    return {terminal: value for terminal, value in resistors.items() if terminal.partition(".")[0] == name}


def _conform_one(
    bench: Bench, name: str, resistors: Mapping[str, float], tell: Callable[[str], None], watch: NoWatch,
    tolerance: float,
) -> Finding:
    connection = bench.instruments.connections[name]
    tell(f"{name}: {connection.driver.title}")
    transcript = converse(bench, name, resistors)
    with watch.resting():   # all outputs are off
        model = twin_of(connection.driver.identity)
        if model is None:
            return Finding(name, transcript, problem=f"tsbench has no virtual instrument for {connection.driver.title}")
        twins = twin_transcripts(name, connection.table, model, resistors, tell, tolerance)
        return Finding(name, transcript, tuple(compare(transcript, twins)))


def twin_transcripts(
    name: str, table: InstrumentTable, model: str, resistors: Mapping[str, float], tell: Callable[[str], None],
    tolerance: float = TOLERANCE,
) -> list[Twin]:
    """Take the steps with the twin of an instrument, once for each of :data:`~tsbench.conform.twin.TWINS`.

    Parameters
    ----------
    name, table : of the instrument, as the user's bench file has them
    model : of the virtual instrument
    resistors : terminal of the instrument -> [Ohm]
    tell : called with one line at the beginning of each part
    tolerance : relative, of the resistors
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="tsbench-twin-") as folder:
        for seed, errors in enumerate(TWINS, 1):
            tell(f"{name}: its twin, {seed} of {len(TWINS)}")
            there = {terminal: value * (1.0 + errors.resistor * tolerance) for terminal, value in resistors.items()}
            file = write_twin(
                Path(folder), name, table.driver, table.options, model, there, seed, on_socket(table), errors)
            with Bench.open(file) as twin:
                found.append(Twin(converse(twin, name, resistors), errors))
    return found


def on_socket(table: InstrumentTable) -> bool:
    """Return whether an instrument is on a socket, where some languages reply more."""
    return table.resource.upper().endswith("SOCKET")


def converse(
    bench: Bench, name: str, resistors: Mapping[str, float], begin: Callable[[str], None] = lambda step: None,
) -> Transcript:
    """Take the steps with one instrument of an open bench; its outputs are off afterwards.

    Parameters
    ----------
    bench : the open bench
    name : the instrument
    resistors : terminal of the instrument -> [Ohm]
    begin : called with the name of each step before it is taken
    """
    connection = bench.instruments.connections[name]
    transport, driver = connection.transport, connection.driver
    language = getattr(driver, "language", None)
    recorder = ActRecorder(bench.clock.now, "" if language is None else language.error_question)
    steps = []
    transport.on_act = recorder.heard
    try:
        for step in _steps(bench, name, resistors):
            begin(step.name)
            steps.append(_taken(step, recorder, transport, driver.identity.serial))
    finally:
        transport.on_act = None
        connection.make_safe()
    identity = driver.identity
    facts = {"date": datetime.now(UTC).date().isoformat(), "tsbench": __version__,
             "instrument": name, "socket": on_socket(connection.table), "options": dict(connection.table.options),
             "resistors": dict(resistors)}
    said = f"{identity.manufacturer}, {identity.model}, {identity.firmware}"
    return Transcript(connection.table.driver, said, tuple(steps), facts)


def _steps(bench: Bench, name: str, resistors: Mapping[str, float]) -> Iterator[DialogueStep]:
    connection = bench.instruments.connections[name]
    driver = connection.driver
    declared = entry(connection.table.driver)
    for step in questions(driver):
        yield replace(step, free=declared.kind == "prober")   # its replies tell where the chuck is
    channels = [output.partition(".")[2] for output in driver.output_names] or [""]
    for channel in channels:
        terminal = f"{name}.{channel}" if channel else name
        for kind in declared.kinds_of(channel):
            if kind in STEPS:
                for step in STEPS[kind](driver, driver.terminal(channel), bench.clock.wait, resistors.get(terminal)):
                    yield replace(step, name=f"{terminal}: {step.name}")


def _without(serial: str, exchange: Exchange) -> Exchange:
    """Return an exchange with a word for the serial number: that of the twin is another, and it stays secret."""
    if len(serial) < _SHORTEST_SERIAL:
        return exchange
    return replace(exchange, reply=exchange.reply.replace(serial, "SERIAL"))


def _taken(step: DialogueStep, recorder: ActRecorder, transport: Any, serial: str) -> TranscriptStep:
    failure = ""
    results: dict[str, float] = {}
    try:
        made = step.act()
        results = made if isinstance(made, dict) else {}
    except NotTheResistor as error:   # no further step: the next ones drive more
        raise NotTheResistor(f"{step.name}: {in_words(error)}") from None
    except CommunicationError as error:
        failure = in_words(error)
        transport.clear()
    except TsbenchError as error:
        failure = in_words(error)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:   # of an unforeseen reply
        failure = f"the driver cannot use a reply ({type(error).__name__}: {error})"
        transport.clear()
    failure = failure.replace(transport.resource, "ADDRESS")   # that of the twin is another
    exchanges = tuple(_without(serial, exchange) for exchange in recorder.take())
    try:
        status = transport.serial_poll()
    except TsbenchError:
        status = None
    recorder.take()
    return TranscriptStep(step.name, exchanges, failure, status, results, step.free)
