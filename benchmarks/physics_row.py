"""One line of the table of observables: what is published beside what a model gives."""

from dataclasses import dataclass

from tsbench.quantities import format_quantity

HOLDS = "holds"  #: the tolerance of a statement


@dataclass(frozen=True)
class Row:
    """One observable of one device or circuit.

    ``published`` carries its mark: F found in public material, K recalled, A assumed, T tuned to. ``passed`` is None
    where there is nothing to hold the figure to: it is only shown.
    """

    device: str  #: name in the catalogue, or of the circuit
    observable: str
    published: str
    source: str
    model: str  #: what the one catalogue parameter set gives
    tolerance: str
    passed: bool | None
    note: str = ""  #: a remark: why a row fails, or what was tried


def compared(
    device: str, observable: str, published: float, unit: str, mark: str, source: str, given: float | None,
    relative: float, note: str = "",
) -> Row:
    """Return a row that passes where ``given`` is within a share of ``published``; None: it was not found at all."""
    passed = given is not None and abs(given - published) <= relative * abs(published)
    return Row(
        device, observable, f"{_text(published, unit)} [{mark}]", source, "none" if given is None else
        f"{_text(given, unit)} ({100 * (given / published - 1):+.2f} %)", f"{100 * relative:g} %", passed, note)


def claimed(
    device: str, observable: str, published: str, source: str, model: str, passed: bool, note: str = "",
) -> Row:
    """Return a row for an observable that is a statement, held or not; say in ``model`` what it was judged by."""
    return Row(device, observable, published, source, model, HOLDS, passed, note)


def shown(device: str, observable: str, model: str, why: str) -> Row:
    """Return a row with nothing published to hold it to; ``why`` says so."""
    return Row(device, observable, "not found", "", model, "-", None, why)


def _text(value: float, unit: str) -> str:
    return f"{value:.4g}" if unit in ("", "1") else format_quantity(value, unit)
