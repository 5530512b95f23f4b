"""Which row of the accuracy table a sweep's readings belong to, and where else the header may have what is asked."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.made_runs import SWEEP, run
from tsbench.extraction import ExtractionOptions
from tsbench.protocols.extracting.facts import instrument_of, parameter, sweep_facts, timebase_accuracy
from tsbench.records import Run

#: name -> (full scale, gain, offset, noise): each range has numbers of its own
ROWS = {
    "measure_current:0.001": (1e-3, 1, 2, 3), "measure_current:0.01": (1e-2, 4, 5, 6),
    "source_current:0.001": (1e-3, 7, 8, 9), "measure_voltage:2": (2.0, 10, 21, 12),
    "source_voltage:2": (2.0, 13, 14, 15), "source_voltage:20": (20.0, 16, 17, 18),
}


def made(voltage: float, current: float, settings: dict[str, Any] | None = None, drive: str = "voltage") -> Run:
    """Return a sweep of one reading, on a source meter with ``ROWS``."""
    point = dict.fromkeys(SWEEP, 0.0) | {"voltage": voltage, "current": current}
    plain = run("iv_sweep", SWEEP, [list(point.values())], parameters={"drive": {"value": drive}})
    table = {name: dict(zip(("full_scale", "gain", "offset", "noise"), row, strict=True)) for name, row in ROWS.items()}
    meter = {"roles": "drive", "accuracy": table, "settings": settings or {}}
    return replace(plain, header=replace(plain.header, instruments={"meter": meter}))


def amperes(run: Run) -> tuple[float, float, float]:
    facts = sweep_facts(run, ExtractionOptions())
    return facts.current_gain, facts.current_offset, facts.current_noise


def volts(run: Run) -> tuple[float, float, float]:
    facts = sweep_facts(run, ExtractionOptions())
    return facts.voltage_gain, facts.voltage_offset, facts.voltage_noise


@pytest.mark.parametrize(("current", "settings", "row"), [
    (1e-4, {}, (1, 2, 3)), (-1.049e-3, {}, (1, 2, 3)), (1.051e-3, {}, (4, 5, 6)), (-2e-3, {}, (4, 5, 6)),
    (1.0, {}, (4, 5, 6)),   # more than any range holds
    (1e-4, {"measure_range": 1e-2}, (4, 5, 6)), (5e-3, {"measure_range": 1e-3}, (1, 2, 3)),
    (5e-3, {"measure_range": 0}, (4, 5, 6)), (5e-3, {"measure_range": "auto"}, (4, 5, 6)), (np.nan, {}, (1, 2, 3)),
])
def test_the_smallest_range_that_holds_the_current_or_the_one_that_was_fixed(
    current: float, settings: dict[str, Any], row: tuple[float, ...],
) -> None:
    """A range reads 5 % beyond its full scale."""
    assert amperes(made(1.0, current, settings)) == row


@pytest.mark.parametrize(("voltage", "settings", "row"), [
    (1.0, {}, (13, 21, 15)),   # the less accurate of what is read and what is programmed
    (2.2, {}, (16, 21, 18)), (1.0, {"source_range": 20.0}, (16, 21, 18)), (1.0, {"measure_range": 20.0}, (13, 21, 15)),
])
def test_the_voltage_is_as_uncertain_as_reading_or_source(
    voltage: float, settings: dict[str, Any], row: tuple[float, ...],
) -> None:
    assert volts(made(voltage, 1e-4, settings)) == row


def test_of_a_current_driven_sweep_the_source_gives_the_current_and_its_range() -> None:
    assert amperes(made(1.0, 1e-4, drive="current")) == (7, 8, 9)
    assert volts(made(1.0, 1e-4, {"measure_range": 20.0}, "current")) == (16, 21, 18)
    assert volts(made(1.0, 1e-4, {"source_range": 20.0}, "current")) == (13, 21, 15)


def test_a_source_meter_without_a_table_has_no_known_error() -> None:
    plain = made(1.0, 1e-4)
    for accuracy in (None, {}, "unknown", {"measure_current:1": "0.02 %"}):
        bare = replace(plain, header=replace(
            plain.header, instruments={"meter": {"roles": ["drive"], "accuracy": accuracy, "settings": None}}))
        assert amperes(bare) == volts(bare) == (0.0, 0.0, 0.0)
    assert sweep_facts(plain, ExtractionOptions(path_tolerance=0.03)).path_tolerance == 0.03


@pytest.mark.parametrize(("facts", "value"), [
    ({"accuracy": {"timebase": {"relative": 1e-6, "gain": 9.0}}}, 1e-6),
    ({"accuracy": {"timebase": {"gain": 2e-6}}}, 2e-6), ({"accuracy": {"timebase": 3e-6}}, 3e-6),
    ({"settings": {"timebase_accuracy": 4e-6}}, 4e-6),
    ({"timebase_accuracy": 5e-6}, 5e-6), ({"accuracy": {"accuracy": 6e-6, "timebase_span": 7e-6}}, 0.0),
    ({"accuracy": {"timebase": {"other": 1.0}}}, 0.0), ({"accuracy": 8e-6}, 0.0), ({}, 0.0),
])
def test_where_the_accuracy_of_a_time_base_may_stand(facts: dict[str, Any], value: float) -> None:
    header = made(1.0, 1e-4).header
    assert timebase_accuracy(replace(header, instruments={"s": {**facts, "roles": ["scope"]}})) == value
    assert timebase_accuracy(replace(header, instruments={"s": facts})) == value   # by its own name, without a role
    both = {"other": {"timebase_accuracy": 0.5}, "s": {**facts, "roles": ["scope"]}}
    assert timebase_accuracy(replace(header, instruments=both)) == (value or 0.5)


def test_instruments_and_parameters_are_found_by_name() -> None:
    plain = made(1.0, 1e-4)
    header = replace(plain.header, parameters={"a": {"value": 3.0}, "b": {"unit": "V"}, "c": 5.0, "d": None})
    other = replace(plain, header=header)
    assert [parameter(other, name, 7.0) for name in "abcde"] == [3.0, 7.0, 5.0, 7.0, 7.0]
    named = replace(header, instruments={"x": {"roles": None}, "y": {"roles": ["scope", "bias"]}, "z": {}})
    assert instrument_of(named, "bias") == {"roles": ["scope", "bias"]} and instrument_of(named, "drive") == {}
    assert instrument_of(replace(header, instruments={"x": {"roles": "drive"}}), "rive") == {}


@pytest.mark.parametrize(("channel", "gain"), [("a", 0.01), ("b", 0.02), ("", 0.01)])
def test_the_accuracy_is_that_of_the_channel_that_drives(channel: str, gain: float) -> None:
    """Channels of one box may be of different modules; what belongs to no channel holds for all."""
    plain = made(1.0, 0.5)
    row = {"full_scale": 1.0, "offset": 1e-3, "noise": 0.0}
    facts = {
        "roles": ["drive"], "channels": {"drive": channel} if channel else {},
        "settings": {"a.source_range": 2.0, "b.source_range": 2.0},
        "accuracy": {"measure_voltage:2": {**row, "full_scale": 2.0, "gain": 0.001},
                     "a.measure_current:0.1": {**row, "gain": 0.01}, "b.measure_current:0.1": {**row, "gain": 0.02}}}
    header = replace(plain.header, instruments={"box": facts})
    found = sweep_facts(replace(plain, header=header), ExtractionOptions())
    assert found.current_gain == gain and found.voltage_gain == 0.001
