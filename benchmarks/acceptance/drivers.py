"""A driver of another author: how it is opened, and the cases that it must pass on a virtual instrument."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from benchmarks.acceptance.benches import OpenBench

Check = Callable[[Any, OpenBench], None]
#: opens the driver for a while; it must not leave a session open
Opening = Callable[[OpenBench], Any]


@dataclass
class Driver:
    """One class of another author's package.

    Parameters
    ----------
    package : name of the distribution
    name : name of the class, also of the row in the table
    twins : virtual instruments that it can drive; the first that is registered is used
    opening : context manager function ``(bench) -> driver``
    partner : virtual instrument on the same nodes
    transports : what the driver can use
    options : the entry ``options`` of the instrument in the world file
    address : VISA address of the instrument in process; empty: one of USB
    more : more tables of the world file
    cases : name -> the case
    provoked : (name of a case, transport) -> numbers of the errors that it makes the instrument note; no other may make
        any
    """

    package: str
    name: str
    twins: tuple[str, ...]
    opening: Callable[[OpenBench], Any]
    partner: str | None = None
    transports: tuple[str, ...] = ("in process", "socket", "hislip")
    options: str = ""
    address: str = ""
    more: str = ""
    cases: dict[str, Check] = field(default_factory=dict)
    provoked: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)

    def case(self, check: Check) -> Check:
        """Register a function as a case of this driver; its name is the case's name."""
        self.cases[check.__name__] = check
        return check

    def provoking(self, *codes: int, only: str = "") -> Callable[[Check], Check]:
        """Return a decorator that registers a case which makes the instrument note these errors, in this order.

        ``only`` is the transport by which it does; empty: by all of them.
        """

        def register(check: Check) -> Check:
            for transport in [only] if only else self.transports:
                self.provoked[check.__name__, transport] = codes
            return self.case(check)

        return register

    @property
    def row(self) -> str:
        """Return the name in the table and on the command line: ``pymeasure.Keithley2450``."""
        return f"{self.package}.{self.name}"


def close_to(what: str, found: float, wanted: float, bound: float) -> None:
    """Raise AssertionError unless ``|found - wanted| <= bound``."""
    if not abs(found - wanted) <= bound:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r} within {bound:.3g}")


def same(what: str, found: object, wanted: object) -> None:
    """Raise AssertionError unless the two are equal."""
    if found != wanted:
        raise AssertionError(f"{what}: {found!r}, not {wanted!r}")


def qcodes_opening(make: Callable[..., Any], **options: Any) -> Callable[[OpenBench], Any]:
    """Return how a driver of QCoDeS is opened: by name, address and ``visalib``."""

    @contextmanager
    def opened(bench: OpenBench) -> Iterator[Any]:
        more = {"terminator": "\n"} if bench.is_socket else {}
        driver = make()(f"tested_{bench.transport.replace(' ', '_')}", bench.resource, visalib=bench.library,
                        **more, **options)
        try:
            yield driver
        finally:
            driver.close()

    return opened


def pymeasure_opening(make: Callable[[], Any], **options: Any) -> Callable[[OpenBench], Any]:
    """Return how a class of PyMeasure is opened: by a VISAAdapter."""

    @contextmanager
    def opened(bench: OpenBench) -> Iterator[Any]:
        from pymeasure.adapters import VISAAdapter

        adapter = VISAAdapter(bench.resource, visa_library=bench.library, timeout=10_000, **bench.options())
        driver = make()(adapter, **options)
        try:
            yield driver
        finally:
            driver.adapter.connection.close()

    return opened
