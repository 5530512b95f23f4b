"""What the instruments of a bench answer: for ``tsbench check`` and ``tsbench instruments``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsbench.errors import TsbenchError, sentences
from tsbench.instruments import Interlocked, Site, SourceMeter
from tsbench.instruments.guard.exposed_terminals import SAFE_VOLTAGE
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.positioners import absent, off_wafer


def instruments_of(path: str | Path) -> list[dict[str, Any]]:
    """Open the bench and return what is on it, as ``tsbench instruments --bench FILE --json`` prints."""
    with Bench.open(path) as bench:
        return [
            {
                "name": name,
                "role": ", ".join(found["roles"]),
                "driver": found["driver"],
                "model": found["model"],
                "resource": found["resource"],
                "visa_library": found["visa_library"],
                "simulated": found["simulated"],
            }
            for name, found in bench.describe().items()
        ]


def check(path: str | Path, device: str | None = None) -> Mapping[str, Any]:
    """Connect, identify, reset, read outputs back; what ``tsbench check`` reports.

    Raises
    ------
    TsbenchError
        As :meth:`Bench.open`.
    """
    with Bench.open(path, device, look=True) as bench:
        states = bench.make_safe()
        if bench.problems:
            raise TsbenchError(sentences(*bench.problems))
        return {
            "bench": bench.file.name, "instruments": bench.describe(),
            "outputs": {state.output: state.enabled for state in states},
            **bench.instruments.before_reset(),
            "path_resistance": dict(bench.fixture.path_resistance),
            "source_resistance": dict(bench.fixture.source_resistance),
            "parallel_capacitance": bench.fixture.parallel_capacitance,
            "interlocks": _interlocks(bench),
            "unwatched": _unwatched(bench),
            "fixture_control": [] if bench.fixture_control is None else bench.fixture_control.in_words(),
            "reach": _reach(bench), "off_wafer": _off_wafer(bench),
            "absent": absent(bench.file.table, bench.positioner),
            "other_oscilloscope": bench.wiring.other_oscilloscope(),
        }


def _reach(bench: Bench) -> tuple[float, float]:
    """Return the most that the sources can bring to the device, [V] and [A], with the smallest load that can be set."""
    least = {} if bench.fixture_control is None else bench.fixture_control.smallest_load()
    return (bench.planning_for("", least) if least else bench).wiring.reach()


def _off_wafer(bench: Bench) -> dict[str, Site]:
    """Return the devices whose die is not on the wafer map of the prober, with their places."""
    table = bench.file.table.positioner
    return {} if table is None or table.kind != "prober" else off_wafer(
        table, bench.instruments.driver_of(table.instrument))


def _interlocks(bench: Bench) -> dict[str, bool | None]:
    """Ask every terminal with a role that needs an interlock whether it is closed; None where it cannot tell."""
    terminals = dict.fromkeys(bench.file.table.roles.values())
    found: dict[str, bool | None] = {}
    for terminal in terminals:
        driver = bench.instruments.driver_of(terminal)
        if isinstance(driver, SourceMeter) and driver.capabilities.interlock_above is not None:
            found[terminal] = driver.interlock_closed() if isinstance(driver, Interlocked) else None
    return found


def _unwatched(bench: Bench) -> list[str]:
    """Return the source meters with a role that may bring a high voltage while no interlock switches them off."""
    if bench.file.rating <= SAFE_VOLTAGE:
        return []
    found = []
    for terminal in dict.fromkeys(bench.file.table.roles.values()):
        driver = bench.instruments.driver_of(terminal)
        if (isinstance(driver, SourceMeter) and driver.capabilities.interlock_above is None
                and bench.wiring.largest_emf(terminal) > SAFE_VOLTAGE
                and not getattr(driver, "output_enable", False)):   # that line can keep the output off at any voltage
            found.append(terminal)
    return found
