"""Runs drivers and suites, each in a process of its own, and keeps what they have shown."""

import importlib
import json
import pkgutil
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.acceptance.benches import bench_of, registered
from benchmarks.acceptance.drivers import Driver, same
from benchmarks.acceptance.limits import TooLong, limited
from benchmarks.acceptance.results import Outcome
from benchmarks.acceptance.suites import SUITES, Suite, run_suite
from benchmarks.report import commit

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "acceptance"
LONGEST = 3600.0  #: [s] of wall clock for all cases of one driver by one transport
LONGEST_TEXT = 600  #: characters of what was raised
NO_TWIN, NOT_INSTALLED = "no twin yet", "not installed"


@dataclass(frozen=True)
class Row:
    """What one driver or suite has shown by one transport.

    Parameters
    ----------
    name : ``package.Class``; a suite has ``suite.Class``
    package, installed : distribution and its version
    transport : one of :data:`~benchmarks.acceptance.benches.TRANSPORTS`
    twin : the virtual instrument, or why nothing ran
    outcomes : of each case
    commit : of tsbench
    """

    name: str
    package: str
    installed: str
    transport: str
    twin: str
    outcomes: tuple[Outcome, ...] = ()
    commit: str = ""

    @property
    def ran(self) -> bool:
        """Whether anything ran."""
        return self.twin not in {NO_TWIN, NOT_INSTALLED}

    def as_json(self) -> str:
        """Return the row as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def of_kept(cls, read: Mapping[str, Any]) -> "Row":
        """Return the row of a line that was read back."""
        return cls(**{**read, "outcomes": tuple(Outcome(**one) for one in read["outcomes"])})


def drivers() -> dict[str, Driver]:
    """Return every driver of the modules of this package that have ``DRIVERS``, by its row's name."""
    import benchmarks.acceptance as package

    found: dict[str, Driver] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        if module.startswith("__"):
            continue
        loaded = importlib.import_module(f"{package.__name__}.{module}")
        found |= {driver.row: driver for driver in getattr(loaded, "DRIVERS", ())}
    return found


def suites() -> dict[str, Suite]:
    """Return every suite by its row's name."""
    return {f"suite.{suite.name}": suite for suite in SUITES}


def twin_of(twins: Sequence[str]) -> str | None:
    """Return the first virtual instrument of a list that is registered."""
    known = registered()
    return next((twin for twin in twins if twin in known), None)


def installed(package: str) -> str | None:
    """Return the installed version of a distribution; None if there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def check_driver(driver: Driver, twin: str, transport: str, cases: Sequence[str] | None = None) -> Iterator[Outcome]:
    """Run cases of a driver, each on a bench that has just been switched on.

    Parameters
    ----------
    driver : Driver
    twin : virtual instrument
    transport : one of :data:`~benchmarks.acceptance.benches.TRANSPORTS`
    cases : names; default: all
    """
    for number, name in enumerate(driver.cases):
        if cases is not None and name not in cases:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield _outcome(driver, twin, transport, name, FOLDER / f"{driver.row}_{number}")
            except (Exception, TooLong) as error:  # noqa: BLE001  a bench that cannot be switched on or off is a failure too
                yield Outcome(name, False, f"bench: {_told(error)}")


def _outcome(driver: Driver, twin: str, transport: str, name: str, folder: Path) -> Outcome:
    """Run one case; what it shows ends with all that the instrument has noted."""
    with bench_of(folder, twin, transport, driver.partner, driver.address, driver.options, driver.more) as bench:
        try:
            with driver.opening(bench) as opened:
                try:
                    driver.cases[name](opened, bench)
                finally:
                    bench.carried_out()   # before the driver closes its session
            same("errors that the instrument noted", bench.notebook.codes, driver.provoked.get((name, transport), ()))
        except (Exception, TooLong) as error:  # noqa: BLE001  whatever another author's driver raises is a failure
            return Outcome(name, False, f"{_told(error)} | {bench.notebook.summary()}")
        return Outcome(name, True)


def _told(error: BaseException) -> str:
    """Return what was raised in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:LONGEST_TEXT]


def run_row(name: str, transport: str) -> Row:
    """Run a driver or a suite in a process of its own."""
    suite, driver = suites().get(name), drivers().get(name)
    package = driver.package if driver else "pymeasure"
    twins = driver.twins if driver else suite.twins if suite else ()
    found, twin = installed(package), twin_of(twins)
    if twin is None or found is None:
        return Row(name, package, found or "-", transport, NO_TWIN if twin is None else NOT_INSTALLED,
                   commit=commit())
    if suite is not None:
        outcomes = tuple(run_suite(suite, twin, FOLDER))
    else:
        assert driver is not None
        outcomes = _in_process_of_its_own(driver, transport)
    return Row(name, package, found, transport, twin, outcomes, commit())


def _in_process_of_its_own(driver: Driver, transport: str) -> tuple[Outcome, ...]:
    command = [sys.executable, "-m", "benchmarks.acceptance", "--child", driver.row, transport]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONGEST)
        lines, ended = done.stdout.splitlines(), f"the process ended: {done.stderr[-400:]}"
    except subprocess.TimeoutExpired as late:
        output = late.stdout.decode("utf-8", "replace") if isinstance(late.stdout, bytes) else late.stdout or ""
        lines, ended = output.splitlines(), f"no end within {LONGEST:g} s"
    shown = {}
    for line in lines:
        if line.startswith("{"):
            outcome = Outcome(**json.loads(line))
            shown[outcome.case] = outcome
    return tuple(shown.get(case) or Outcome(case, False, ended) for case in driver.cases)


def child(name: str, transport: str) -> int:
    """Run a driver in this process, and print each outcome as one line."""
    driver = drivers()[name]
    twin = twin_of(driver.twins)
    assert twin is not None
    for case in driver.cases:
        with limited(by_wire=transport != "in process"):
            found = list(check_driver(driver, twin, transport, [case]))
        print("\n".join(json.dumps(asdict(outcome)) for outcome in found), flush=True)
    return 0
