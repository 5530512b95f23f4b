"""Pulsed I-V: heights that fire on the simulated bench beside the witness, and the bracket by made outcomes."""

from typing import Any

import pytest

from tsbench.analysis.pulse.firing import Firing
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.pulsed_iv.extraction import WriteRead, threshold_of_pulses
from tsbench.protocols.pulsed_iv.parameters import PulsedIVParameters
from tsbench.protocols.pulses.cycle_states import CycleState, PulseStand
from tsbench.records import Flag, Result

SETTINGS = PulsedIVParameters()


@pytest.mark.sabotage("resistor", "units", "output")
def test_the_heights_that_fire_are_those_of_the_witness(measure: Any) -> None:
    done = measure("nbo2", "pulsed_iv", {"amplitude": "0.8 V, 1.0 V, 1.15 V, 1.3 V", "repeats": 2})
    fired = [record for record in done.witness if record["kind"] == "on"]
    shares = {row.conditions["amplitude"]: row.value for row in done.values("firing_probability")}
    assert shares == {0.8: 0.0, 1.0: 0.0, 1.15: 1.0, 1.3: 1.0} and len(fired) == 4
    (threshold,) = done.values("pulse_threshold_voltage")
    assert threshold.low < min(record["threshold"] for record in fired) < threshold.high
    assert threshold.low < 1.0231 < threshold.high and {Flag.TOO_FEW, Flag.UNDER_SAMPLED} <= set(threshold.flags)
    off, on = (next(row for row in done.values("write_current") if row.conditions["amplitude"] == height)
               for height in (0.8, 1.3))
    voltage = next(row for row in done.values("write_voltage") if row.conditions["amplitude"] == 1.3)
    assert off.low < 0.1e-3 and off.high < 0.3e-3 < on.low
    # the generator's EMF less the drop along 102 Ohm is the voltage at the device
    assert voltage.low < 1.3 - 102 * on.value < voltage.high
    reads = done.values("read_resistance")
    assert all(row.low < 150e3 and (row.high is None or row.high > 150e3) for row in reads)
    assert done.outcome.safe and done.left_on == []


def test_a_run_ends_at_the_target_current(measure: Any) -> None:
    done = measure("nbo2", "pulsed_iv", {
        "start": "1.2 V", "stop": "1.4 V", "points": 3, "repeats": 1, "target_current": "1 mA"})
    assert len(done.run.points) == 1 and done.outcome.status == "success"
    assert any("reached" in event.message for event in done.events)


def cycles(*groups: tuple[float, str]) -> list[WriteRead]:
    """Return cycles of heights [V] whose letters say which fired (f) and which did not (q)."""
    stand = PulseStand(0.0, 0.0, 1e-3, 1e-6)
    return [WriteRead(height, CycleState(stand, stand), Firing.FIRED if letter == "f" else Firing.QUIET, height,
                      0.02, 0.0, Flag.NONE) for height, letters in groups for letter in letters]


def threshold(*groups: tuple[float, str]) -> Result:
    return threshold_of_pulses(cycles(*groups), SETTINGS)


def test_the_threshold_of_pulses_is_a_bracket() -> None:
    found = threshold((1.00, "qqqqqq"), (1.01, "ffffff"), (1.02, "ffffff"))
    assert found.value == pytest.approx(1.005) and found.low < 1.0 and found.high > 1.01 and found.flags == Flag.NONE
    found = threshold((1.0, "qqq"), (1.01, "fff"))
    assert found.flags == Flag.TOO_FEW
    found = threshold((-1.00, "qqqqqq"), (-1.01, "ffffff"))
    assert found.value == pytest.approx(-1.005) and found.low < -1.01 and found.high > -1.0


def test_heights_at_which_some_pulses_fire_are_within_the_bracket() -> None:
    found = threshold((1.0, "qqqqqq"), (1.1, "qfqqfq"), (1.2, "qffffq"), (1.3, "ffffff"))
    assert found.low < 1.0 and found.high > 1.3 and "2 heights" in found.method
    found = threshold((1.0, "qqqqqq"), (1.1, "qqqfqq"), (1.2, "qqqqqq"), (1.3, "ffffff"))   # one by chance
    assert found.low < 1.0 and found.high > 1.3


def test_what_never_fires_or_always_does_has_one_bound() -> None:
    found = threshold((1.0, "qqqqqq"), (1.1, "qqqqqq"))
    assert (found.value, found.low, found.high) == (None, 1.1, None) and Flag.NO_EVENT in found.flags
    found = threshold((1.0, "ffffff"), (1.1, "ffffff"))
    assert (found.value, found.low, found.high, found.flags) == (None, None, 1.0, Flag.CENSORED)
    found = threshold((-1.0, "qqqqqq"))
    assert (found.low, found.high) == (None, -1.0)
    found = threshold((1.0, "qqqqqq"), (1.1, "fqffff"))
    assert found.value is None and found.low == 1.0 and found.high is None
    assert threshold().flags == Flag.NO_EVENT


def test_parameters_and_the_plan(new_station: Any) -> None:
    assert PulsedIVParameters.model_validate({"start": "0.5 V", "stop": 1.5, "points": 3}).amplitude == (0.5, 1.0, 1.5)
    protocol = protocol_named("pulsed_iv")
    for bad in ({"amplitude": "1 V, 0.5 V"}, {"amplitude": "-1 V, 2 V"}, {"start": "1 V"}, {"amplitude": "0 V, 1 V"}):
        with pytest.raises(ConfigurationError):
            protocol.parse(bad)
    plan = protocol.parse({"amplitude": "-0.5 V, -1 V", "repeats": 3}).plan(new_station())
    items = {item.quantity: item.value for item in plan.worst_case}
    assert items["voltage"] == 1.0 and items["pulses"] == 12 and not plan.refusals
    assert protocol.parse({"amplitude": "1 V, 4.5 V"}).plan(new_station()).refusals
