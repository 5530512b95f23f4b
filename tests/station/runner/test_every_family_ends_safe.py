"""A run with each driver ends safe after a fault, and keeps its data.

A sample of ``python -m benchmarks.faults --drivers``: every run has at least one kind of fault, at a message that the
seed chooses, and every kind comes at least once.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fault_benches import of_drivers, short_run
from benchmarks.fault_check import driven
from benchmarks.fault_sabotage import driving_classes
from tsbench.instruments.registry import DRIVERS, driver_class
from tsbench.station.bench.bench import Bench

WRITES = 8  #: of every short run of a protocol at least
_SEED = 20261128


def one_of_each_driver() -> list[str]:
    """Return one short run for each driver that takes part."""
    found: dict[str, str] = {}
    for run in of_drivers():
        for driver in run.instruments.values():
            found.setdefault(driver, run.name)
    return sorted(set(found.values()))


RUNS = one_of_each_driver()


def test_every_driver_takes_part() -> None:
    """Those that a plug-in brings, and the emulation of a driver of another company, are not ours."""
    part = {driver for run in of_drivers() for driver in run.instruments.values()}
    assert {name for name, one in DRIVERS.things().items() if one.driver.startswith("tsbench.")} <= part


def test_the_sabotage_of_outputs_spoils_each_driver() -> None:
    spoilt = set(driving_classes())
    for name, one in DRIVERS.things().items():
        if one.driver.startswith("tsbench."):
            making = next(kind for kind in driver_class(name).__mro__ if "safe_state" in vars(kind))
            assert making in spoilt, name


def chosen(faults: Any, name: str) -> Sequence[tuple[str, dict[str, Any]]]:
    """Return the cases of a run: its share of the kinds of fault, at places that the seed chooses."""
    kinds: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    writes = WRITES if short_run(name).protocol else 0
    for what, key, details in faults.cases_of(name, faults.undisturbed(name), writes, 1):
        kinds.setdefault(what, []).append((key, details))
    number = RUNS.index(name)
    share = list(kinds)[number :: len(RUNS)] or [list(kinds)[number % len(kinds)]]
    return [random.Random(f"{_SEED} {name} {what}").choice(kinds[what]) for what in share]


#: a B1530A makes its pulses by itself and is at rest between them: no message comes while its output is on
_AT_REST_BETWEEN = "keysight_b1500a pulse and sample"


@pytest.mark.thin(12)
@pytest.mark.tsbench_outputs_stay_on
@pytest.mark.parametrize("name", [name for name in RUNS if name != _AT_REST_BETWEEN])
def test_an_output_that_a_driver_leaves_on_is_found(faults: Any, name: str) -> None:
    """The driver says that it is off: the witness and the voltage in the circuit tell."""
    cases = [(key, details) for what, key, details in faults.cases_of(name, faults.undisturbed(name), 0, 1)
             if "what" in details or what == "connection lost after delivery"]
    steps = [one for one in cases if "what" in one[1]] or cases
    tried = steps[len(steps) // 2 :: max(len(steps) // 8, 1)]
    assert any("left on" in problem for key, details in tried
               for problem in faults.judged(name, key, details, sabotage="output")[1])


@pytest.mark.thin(12)
@pytest.mark.parametrize("name", RUNS)
def test_after_a_fault(faults: Any, name: str) -> None:
    for key, details in chosen(faults, name):
        _, problems, _ = faults.judged(name, key, details)
        assert not problems, key


@pytest.mark.parametrize("name", ["keithley_2450+keysight_infiniivision iv_sweep",
                                  "keysight_33500+rigol_ds4000 pulse_train"])
def test_an_output_that_only_says_that_it_is_off_is_found(name: str, tmp_path: Path) -> None:
    """What counts is the voltage in the circuit."""
    run = short_run(name)
    with Bench.open(run.lay(tmp_path), run.device) as bench:
        world = next(iter(bench.instruments.managers.values())).visalib.world
        assert driven(world.instruments) == []
        messages = (":SOUR:VOLT 0.5", ":OUTP ON") if "2450" in name else (":FUNC DC", ":VOLT:OFFS 0.5", ":OUTP1 ON")
        for message in messages:
            bench.instruments.connections["source"].transport.write(message)
        for one in world.instruments.values():
            for output in one.output_states():
                one.report_output(output, False)
        assert [place.split(" ")[0] for place in driven(world.instruments)] in (["source."], ["source.1"])
