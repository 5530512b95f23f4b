"""Extracts results and figures from a stored run, with the protocol that measured it."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tsbench.analysis.contact.contact import Contact
from tsbench.errors import ConfigurationError, TsbenchError, sentences
from tsbench.extraction.found import draw_all
from tsbench.extraction.result_check import checked_results
from tsbench.plugins import OURS, in_words
from tsbench.protocols.extracting.contacts import contact_of, with_contact
from tsbench.protocols.extracting.loop_current import contradiction_of, with_contradiction
from tsbench.protocols.extracting.named_figure import FIGURE_NAME, NamedFigure
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.registry import PROTOCOLS
from tsbench.quantities import format_quantity
from tsbench.records import Result, Run


def protocol_of(run: Run) -> type[Protocol]:
    """Return the protocol that measured a run.

    Raises
    ------
    ConfigurationError
        It is not installed.
    """
    name = run.header.protocol
    offer = PROTOCOLS.offers().get(name)
    if offer is None:
        missing = (
            f"run {run.header.run_id}: protocol '{name}' is not installed, so no numbers can be extracted. Install the "
            f"package with this protocol{_recorded_packages(run)}")
        raise ConfigurationError(sentences(missing, *PROTOCOLS.problems()))
    return offer.thing


def _measured_with(run: Run) -> list[str]:
    """Return the packages of protocol and drivers that a run names, with versions: "lab 1.2"."""
    recorded = run.header.provenance.get("packages") or ()
    return [recorded] if isinstance(recorded, str) else [str(package) for package in recorded]


def _recorded_packages(run: Run) -> str:
    others = [package for package in _measured_with(run) if package.split(" ")[0] != OURS]
    return f". The run was measured with the packages {', '.join(others)}" if others else ""


def other_package(run: Run) -> str:
    """Return a line where the installed protocol comes from another package than measured the run; "" if it did not.

    Two packages may give different protocols the same name, and their extractions different meanings to the columns.
    Another version of the same package counts too, because its extraction may have changed. Versions of tsbench do
    not count. Its changelog lists such changes.

    Parameters
    ----------
    run : as read back; its provenance names the packages of protocol and drivers where tsbench wrote them
    """
    offer = PROTOCOLS.offers().get(run.header.protocol)
    measured_with = _measured_with(run)
    if offer is None or not measured_with:
        return ""
    name = offer.distribution.split(" ")[0]
    if same := [package for package in measured_with if package.split(" ")[0] == name]:
        if name == OURS or offer.distribution in same:
            return ""
        return (f"the run was measured with {', '.join(same)}, but its numbers are extracted by {offer.distribution}. "
                f"Check whether the extraction of the protocol '{run.header.protocol}' has changed")
    return (f"the run was measured with packages {', '.join(measured_with)}, but its numbers are extracted by the "
            f"protocol '{run.header.protocol}' of {offer.distribution}. Check that it is the same protocol")


def extract(
    run: Run | Path | str,
    options: ExtractionOptions | None = None,
    protocol: Protocol | type[Protocol] | None = None,
    problem: Callable[[str], None] | None = None,
    contact: Contact | None = None,
    contradiction: str | None = None,
) -> tuple[Result, ...]:
    """Extract the numbers of a run.

    Parameters
    ----------
    run : as read back, or the path of its file; an aborted or recovered one too, as far as it goes
    options : choices of the extraction
    protocol : what measured it; None: the installed one of that name
    problem : called with one line for each result that is refused (value NaN, low above high, a field of the wrong
        type), and where the current of the scope could not be compared; the others are returned all the same. None:
        the first one raises.
    contact : of the run's device, where it was judged before; None: it is judged here
    contradiction : what :func:`current_line` gave, where it was asked before; None: it is asked here

    Returns
    -------
    tuple of Result
        Each with its 95 % interval, method, conditions and flags. A run in which nothing happened gives
        results without a value and the flag NO_EVENT.

    Raises
    ------
    ConfigurationError
        The protocol is not installed.
    TsbenchError
        Its extraction raised something, or a result is refused; one line says what.
    """
    if isinstance(run, Path | str):
        from tsbench.storage import read_run

        run = read_run(run)
    if not isinstance(run, Run):
        raise TypeError(f"extract takes a run or the path of a run file, but was given {run!r:.60}")
    chosen = protocol or protocol_of(run)
    what = f"run {run.header.run_id}: the extraction of protocol '{chosen.name}'"

    def refuse(line: str) -> None:
        if problem is None:
            raise TsbenchError(f"{what} returned a result that cannot be stored ({line})")
        problem(f"{what} returned a result that cannot be stored ({line})")

    with _one_line_of(what):
        found = checked_results(chosen.extract(run, options or ExtractionOptions()), refuse)
    if contradiction is None:
        contradiction = _compared_current(run, chosen, options, problem)
    found = with_contradiction(found, contradiction, run)
    return with_contact(found, contact or contact_of(run))


def _compared_current(
    run: Run, protocol: Protocol | type[Protocol], options: ExtractionOptions | None,
    problem: Callable[[str], None] | None,
) -> str:
    """Return the line of :func:`current_line`; "" where the comparison failed and ``problem`` was called with that."""
    try:
        with _one_line_of(f"run {run.header.run_id}: the check of the current of the oscilloscope"):
            return contradiction_of(run, protocol.roles, options)
    except TsbenchError as error:   # it must not lose the numbers
        if problem is None:
            raise
        problem(str(error))
        return ""


def current_line(run: Run, protocol: Protocol | type[Protocol] | None = None) -> str:
    """Return a line if the scope shows another current than the source can drive; "" if it does not.

    The run itself has said it of a sweep (``run.events``); then it is the same line.

    Parameters
    ----------
    run : as read back
    protocol : what measured it; None: the installed one of that name

    Raises
    ------
    ConfigurationError
        The protocol is not installed.
    """
    return contradiction_of(run, (protocol or protocol_of(run)).roles)


def impossible_line(results: Sequence[Result]) -> str:
    """Return a line on the first energy [J] that no passive device can have; "" if there is none."""
    for one in results:
        if one.unit == "J" and one.high is not None and one.high < 0.0:
            return (f"the {one.quantity.replace('_', ' ')} is at most {format_quantity(one.high, 'J', 3)}, but a "
                    "device only takes energy. Check [fixture.sensing], the wiring, and the attenuation of the scope's "
                    "channels. The channels voltage_high and voltage_low may be exchanged")
    return ""


@contextlib.contextmanager
def _one_line_of(what: str) -> Iterator[None]:
    """Turn whatever another author's method raises, also by ``sys.exit``, into one line that begins with ``what``."""
    try:
        yield
    except (TsbenchError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise TsbenchError(f"{what} failed ({in_words(error)})") from error


def device_line(
    run: Run, protocol: Protocol | type[Protocol] | None = None, contact: Contact | None = None,
) -> str:
    """Return a line about the device of a run; "" if it behaved as a threshold switch, or no reading shows it.

    Of a run that did not finish it says only whether the device looks open or short.

    Parameters
    ----------
    run : as read back
    protocol : what measured it; None: the installed one of that name
    contact : of the run's device, where it was judged before; None: it is judged here

    Raises
    ------
    ConfigurationError
        The protocol is not installed.
    TsbenchError
        Its ``device_remark`` raised something, or returned no text; one line says what.
    """
    if line := (contact or contact_of(run)).message:
        return line
    if run.status != "success":
        return ""
    chosen = protocol or protocol_of(run)
    with _one_line_of(f"device_remark of protocol '{chosen.name}'"):
        remark = chosen.device_remark(run)
        if not isinstance(remark, str):
            raise TypeError(f"it returned {remark!r:.60}, not text")
    return f"the device: {' '.join(remark.split())}" if remark else ""


def draw_figures(
    run: Run, out: Path, options: ExtractionOptions | None = None, problem: Callable[[str], None] | None = None,
) -> list[Path]:
    """Draw a run's figures into the folder ``out`` and return their paths.

    Parameters
    ----------
    run : as read back
    out : folder; made if missing
    options : choices of the extraction
    problem : called with one line for each figure that could not be drawn; the others are drawn all the same

    Raises
    ------
    ConfigurationError
        The protocol is not installed.
    """
    chosen = protocol_of(run)
    problems: list[str] = []
    figures: list[NamedFigure] = []
    try:
        with _one_line_of(f"figures of protocol '{chosen.name}'"):
            for name, draw in chosen.figures(run, options or ExtractionOptions()):
                if wrong := _wrong_name(name, figures):
                    problems.append(f"figure {name!r:.60} of protocol '{chosen.name}' is not drawn, because {wrong}")
                else:
                    figures.append((name, draw))
    except TsbenchError as error:  # those before it are drawn all the same
        problems.append(str(error))
    made = draw_all((out / f"{run.header.run_id}_{name}.png", draw) for name, draw in figures)
    for line in (*made.problems, *problems):
        if problem is not None:
            problem(line)
    return made.paths


def _wrong_name(name: object, before: Sequence[NamedFigure]) -> str:
    """Return why the name of a figure cannot be part of a file's name beside those before it; "" if it can."""
    if not (isinstance(name, str) and FIGURE_NAME.fullmatch(name)):
        return "its name must consist of letters of the English alphabet, digits, _ and -"
    if name.lower() in (other.lower() for other, _ in before):  # one file for both on Windows and macOS
        return "an earlier figure has this name"
    return ""
