"""Ramp-rate series: a device whose threshold depends on the rate, by arithmetic; and one that does not, simulated."""

from typing import Any

import numpy as np
import pytest

from tests.fixtures.switching_meter import Switch, put, ran
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions

PER_DECADE = 0.08


def test_the_change_per_decade_is_found_at_the_rates_that_were(station: Any, recorder: Any) -> None:
    device = put(station, Switch(hold=0.3))
    begin, size = station.meter.start_sweep, 0.01

    def start(levels: Any, dwell: float) -> None:
        begin(levels, dwell)
        device.threshold = 1.0 + PER_DECADE * np.log10(size / station.meter.each)

    station.meter.start_sweep = start
    run = ran(protocol_named("ramp_rate_series").parse(
        {"step": size, "rate": "10 mV/s, 50 mV/s, 0.2 V/s", "nplc": 0.1, "stop": "1.3 V"}), station, recorder)
    rows = list(protocol_named("ramp_rate_series").extract(run, ExtractionOptions()))
    thresholds = [row for row in rows if row.quantity == "threshold_voltage"]
    for row in thresholds:
        true = 1.0 + PER_DECADE * np.log10(row.conditions["ramp_rate"])
        assert row.low <= true <= row.high
    (slope,) = [row for row in rows if row.quantity == "threshold_voltage_per_decade"]
    assert 0 < slope.low <= PER_DECADE <= slope.high
    assert [row.conditions["ramp_rate"] for row in thresholds] == pytest.approx([0.01, 0.05, 0.2], rel=0.3)
    drawn = dict(protocol_named("ramp_rate_series").figures(run, ExtractionOptions()))
    assert drawn["ramp_rate"]().axes[0].get_xscale() == "log"


@pytest.mark.sabotage("resistor", "units")
def test_a_fast_device_does_not_depend_on_the_rate(measure: Any) -> None:
    done = measure("nbo2", "ramp_rate_series", {
        "start": "0.9 V", "stop": "1.1 V", "step": "10 mV", "rate": "0.1 V/s, 1 V/s", "nplc": 0.1})
    true = [record["threshold"] for record in done.witness if record["kind"] == "on"]
    found = done.values("threshold_voltage")
    assert len(true) == 2 and all(row.low <= one <= row.high for row, one in zip(found, true, strict=True))
    (slope,) = done.values("threshold_voltage_per_decade")
    assert slope.low <= 0 <= slope.high and done.outcome.safe and done.left_on == []


def test_what_the_source_meter_cannot_reach_is_refused(new_station: Any) -> None:
    protocol = protocol_named("ramp_rate_series")
    assert any("highest rate" in line for line in protocol.parse({"rate": "10 V/s"}).plan(new_station()).refusals)
    (slow,) = protocol.parse({"rate": "1 uV/s"}).plan(new_station()).refusals
    assert "below" in slow and "a level takes 100 s" in slow
    assert not protocol().plan(new_station()).refusals
    plan = protocol.parse({"rate": "0.01 V/s, 0.05 V/s", "cycles": 3}).plan(new_station())
    items = {item.quantity: item.value for item in plan.worst_case}
    assert not plan.refusals and items["ramps"] == 6 and items["sweep rate"] == pytest.approx(0.05, rel=0.01)
    assert not plan.warnings
    fast = protocol.parse({"rate": "0.01 V/s, 2 V/s", "step": "20 mV", "nplc": 0.01}).plan(new_station())
    (warning,) = fast.warnings
    assert "may differ from 2.00 V/s by a fifth or more" in warning
    for bad in ({"drive": "current"}, {"rate": "0 V/s"}):
        with pytest.raises(ConfigurationError):
            protocol.parse(bad)
