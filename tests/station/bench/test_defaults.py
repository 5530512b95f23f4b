"""What a bench file means where it says nothing, values at exactly their bounds, and the units of settings."""

from typing import Any

import pytest
from pydantic import ValidationError

from tsbench.station.bench.bench_tables import BenchTable
from tsbench.station.bench.setting_units import unit_of, with_units

INSTRUMENT = {"driver": "keithley_2450", "resource": "GPIB0::18::INSTR"}


def test_a_bench_file_that_says_nothing_more() -> None:
    """It is watched, and a device has no limits but those that are said."""
    table = BenchTable.model_validate({"instruments": {"meter": INSTRUMENT}})
    assert table.watchdog.enabled and (table.watchdog.deadline, table.watchdog.interval) == (0.8, 0.1)
    assert table.instruments["meter"].timeout == 3.0 and table.connected is None
    assert set(table.device.limits.model_dump().values()) == {None}


@pytest.mark.parametrize(("where", "key", "allowed", "refused"), [
    (("watchdog",), "deadline", [0.2, 60], [0.19, 60.1]), (("watchdog",), "interval", [0.01, 0.4], [0.009, 0.41]),
    (("instruments", "meter"), "timeout", ["1 ms"], [0, -1]), (("devices", "D1"), "area", [1e-18], [0]),
    (("devices", "D1"), "temperature", [0.004], [0]),
    (("fixture", "sensing"), "current_resistance", ["1 mOhm"], ["0 Ohm"]),
    *(((*table, "limits"), key, [1e-12], [0, -1]) for table in (("device",), ("devices", "D1"))
      for key in ("max_voltage", "max_current", "max_power", "max_charge", "max_energy")),
])
def test_bounds(where: tuple[str, ...], key: str, allowed: list[Any], refused: list[Any]) -> None:
    def table(value: Any) -> dict[str, Any]:
        inner = {key: value, **(INSTRUMENT if where[0] == "instruments" else {})}
        for name in reversed(where):
            inner = {name: inner}
        return inner

    for value in allowed:
        BenchTable.model_validate(table(value))
    for value in refused:
        with pytest.raises(ValidationError):
            BenchTable.model_validate(table(value))


def test_the_unit_of_a_setting_is_that_of_what_is_sourced_or_measured() -> None:
    voltage, current = {"source_function": "voltage"}, {"source_function": "current"}
    assert (unit_of("source_range", voltage), unit_of("source_compliance_current", voltage)) == ("V", "A")
    assert (unit_of("source_range", current), unit_of("source_compliance_voltage", current)) == ("A", "V")
    assert unit_of("measure_range", {"measure_function": "current", **voltage}) == "A"
    assert unit_of("channel_2_range", voltage) == "V" and unit_of("measure_nplc", voltage) == ""
    settings = {"channel_1_range": 4.0, "channel_1_coupling": "DC", "span": 1e-3, "span_unit": "ms", "on_level": True}
    assert with_units(settings) == {**settings, "channel_1_range_unit": "V"}


def test_the_interval_of_the_watchdog_fits_its_deadline() -> None:
    """Half of the deadline: one sign may be late. The largest interval is 10 s, whatever the deadline is."""
    assert BenchTable.model_validate({"watchdog": {"interval": 10, "deadline": 20}}).watchdog.interval == 10.0
    for interval, deadline in (10, 19.9), (10.1, 60):
        with pytest.raises(ValidationError, match="interval"):
            BenchTable.model_validate({"watchdog": {"interval": interval, "deadline": deadline}})
