"""A stored run to its results and figures, by the protocol that measured it."""

from collections.abc import Callable
from pathlib import Path

from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.extraction.found import draw_all
from tsbench.protocols.extracting.contacts import contact_of, with_contact
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.registry import PROTOCOLS
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
        left_out = "".join(f"; {line}" for line in PROTOCOLS.problems())
        raise ConfigurationError(
            f"run {run.header.run_id}: protocol '{name}' is not installed, so nothing can be extracted; install the "
            f"package that offers it{left_out}")
    return offer.thing


def extract(
    run: Run, options: ExtractionOptions | None = None, protocol: Protocol | type[Protocol] | None = None
) -> tuple[Result, ...]:
    """Extract the numbers of a run.

    Parameters
    ----------
    run : as read back; an aborted or recovered one too, as far as it goes
    options : choices of the extraction
    protocol : what measured it; None: the installed one of that name

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
        Its extraction raised something; one line says what.
    """
    chosen = protocol or protocol_of(run)
    try:
        found = tuple(chosen.extract(run, options or ExtractionOptions()))
    except TsbenchError:
        raise
    except Exception as error:  # a protocol may be anybody's
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise TsbenchError(
            f"run {run.header.run_id}: extraction of protocol '{chosen.name}' failed: {reason}") from error
    return with_contact(found, contact_of(run))


def device_line(run: Run, protocol: Protocol | type[Protocol] | None = None) -> str:
    """Return a line about the device of a run; "" if it behaved as a threshold switch, or no reading shows it.

    Parameters
    ----------
    run : as read back
    protocol : what measured it; None: the installed one of that name

    Raises
    ------
    ConfigurationError
        The protocol is not installed.
    """
    if line := contact_of(run).message:
        return line
    remark = (protocol or protocol_of(run)).device_remark(run)
    return f"the device: {remark}" if remark else ""


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
    figures = protocol_of(run).figures(run, options or ExtractionOptions())
    made = draw_all((out / f"{run.header.run_id}_{name}.png", draw) for name, draw in figures)
    for line in made.problems:
        if problem is not None:
            problem(line)
    return made.paths
