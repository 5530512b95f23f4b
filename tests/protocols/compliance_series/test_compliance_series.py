"""Compliance series: a device whose hold voltage depends on the compliance, by arithmetic; and NbO2, simulated."""

from typing import Any

import numpy as np
import pytest

from tests.fixtures.switching_meter import Switch, put, ran
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions

PROTOCOL = protocol_named("compliance_series")
PER_DECADE = -0.2


def test_the_change_per_decade_is_found_at_each_compliance(station: Any, recorder: Any) -> None:
    device = put(station, Switch(hold=0.3))
    configure = station.meter.configure_source

    def configured(settings: Any) -> Any:
        device.hold = 0.3 + PER_DECADE * np.log10(settings.compliance / 1e-3)
        return configure(settings)

    station.meter.configure_source = configured
    run = ran(PROTOCOL.parse({"step": 0.01, "compliances": "0.8 mA, 1.5 mA, 3 mA", "nplc": 0.1, "stop": "1.3 V"}),
              station, recorder)
    assert run.column("cycle").tolist() == sorted(run.column("cycle").tolist())
    assert np.unique(run.column("compliance")) == pytest.approx([0.8e-3, 1.5e-3, 3e-3])
    rows = list(PROTOCOL.extract(run, ExtractionOptions()))
    holds = [row for row in rows if row.quantity == "hold_voltage"]
    assert [row.conditions["compliance"] for row in holds] == [0.8e-3, 1.5e-3, 3e-3]
    for row in holds:
        assert row.low <= 0.3 + PER_DECADE * np.log10(row.conditions["compliance"] / 1e-3) <= row.high
    (slope,) = [row for row in rows if row.quantity == "hold_voltage_per_compliance_decade"]
    assert slope.low <= PER_DECADE <= slope.high < 0
    (flat,) = [row for row in rows if row.quantity == "threshold_voltage_per_compliance_decade"]
    assert flat.low <= 0 <= flat.high
    drawn = dict(PROTOCOL.figures(run, ExtractionOptions()))
    assert drawn["compliance"]().axes[0].get_xscale() == "log"


@pytest.mark.sabotage("resistor", "units")
def test_hold_voltages_are_those_of_the_witness(measure: Any) -> None:
    done = measure("nbo2", "compliance_series", {
        "start": "0.8 V", "stop": "1.1 V", "step": "10 mV", "compliances": "0.8 mA, 1.5 mA", "nplc": 0.1})
    true = [record["hold"] for record in done.witness if record["kind"] == "off"]
    found = done.values("hold_voltage")
    assert len(true) == 2 and all(row.low <= one <= row.high for row, one in zip(found, true, strict=True))
    assert done.outcome.safe and done.left_on == []


def test_the_highest_compliance_counts_for_the_limits(new_station: Any) -> None:
    series = PROTOCOL.parse({"compliances": "0.1 mA, 5 mA, 1 mA", "cycles": 2})
    assert series.compliance == 5e-3
    again = PROTOCOL.parse({name: one["value"] for name, one in series.parameters().items()})   # as a run stores them
    assert again.compliance == 5e-3 and again.compliances == series.compliances
    plan = series.plan(new_station())
    one = protocol_named("iv_sweep").parse({"compliance": "5 mA", "cycles": 2}).plan(new_station())
    items, alone = ({item.quantity: item.value for item in each.worst_case} for each in (plan, one))
    assert not plan.refusals and items["ramps"] == 3 * alone["ramps"]
    assert items["current"] == alone["current"] and plan.points == 3 * one.points
    assert 1.2 < items["total charge"] / alone["total charge"] < 1.3   # 0.1 and 1 of 5 mA beside it
    refused = PROTOCOL.parse({"compliances": "1 mA, 10 A"}).plan(new_station()).refusals
    assert any("max_current" in line for line in refused) and len(refused) == len(set(refused))


@pytest.mark.parametrize(("bad", "said"), [
    ({"drive": "current"}, "drive = voltage"), ({"compliances": "0 A, 1 mA"}, "above 0 A"),
    ({"compliances": "1 mA, 2 mA", "compliance": "1 mA"}, "both given"), ({"compliances": "1 V"}, "compliances"),
    ({"compliances": ""}, "compliances")])
def test_what_makes_no_series_is_refused(bad: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        PROTOCOL.parse(bad)
