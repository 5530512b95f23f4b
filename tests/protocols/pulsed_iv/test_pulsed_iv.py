"""Pulsed I-V: heights that fire on the simulated bench beside the witness, and the bracket by made outcomes."""

import math
from typing import Any

import pytest

from tsbench.analysis.pulse.firing import Firing
from tsbench.analysis.statistics import NORMAL_95
from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.pulsed_iv.extraction import WriteRead, _mean, _read, threshold_of_pulses
from tsbench.protocols.pulsed_iv.parameters import PulsedIVParameters
from tsbench.protocols.pulses.cycle_states import CycleState, PulseStand
from tsbench.records import Flag, Result

SETTINGS = PulsedIVParameters()


@pytest.mark.thorough
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
    reads = done.values("resistance_after_pulse")
    assert all(row.low < 150e3 and (row.high is None or row.high > 150e3) for row in reads)
    assert done.outcome.safe and done.left_on == []


def test_a_run_ends_at_the_target_current(measure: Any) -> None:
    done = measure("nbo2", "pulsed_iv", {
        "start": "1.2 V", "stop": "1.4 V", "points": 3, "repeats": 1, "target_current": "1 mA"})
    assert len(done.run.points) == 1 and done.outcome.status == "success"
    assert any("reached" in event.message for event in done.events)


#: fired, quiet, conducted from the edge on, and like a diode
FIRED = {"f": Firing.FIRED, "q": Firing.QUIET, "a": Firing.AT_ONCE, "d": Firing.FIRED}


def cycles(*groups: tuple[float, str]) -> list[WriteRead]:
    """Return cycles of heights [V] whose letters say what each did."""
    stand = PulseStand(0.0, 0.0, 1e-3, 1e-6)
    return [WriteRead(height, CycleState(stand, stand), FIRED[letter], height, 0.02, 0.0, Flag.NONE, letter in "fq")
            for height, letters in groups for letter in letters]


def threshold(*groups: tuple[float, str]) -> Result:
    return threshold_of_pulses(cycles(*groups), SETTINGS)


def test_the_threshold_of_pulses_is_a_bracket() -> None:
    found = threshold((1.00, "qqqqqq"), (1.01, "ffffff"), (1.02, "ffffff"))
    assert found.value == pytest.approx(1.005) and found.low < 1.0 and found.high > 1.01 and found.flags == Flag.NONE
    found = threshold((1.0, "qqq"), (1.01, "fff"))
    assert found.flags == Flag.TOO_FEW
    found = threshold((-1.00, "qqqqqq"), (-1.01, "ffffff"))
    assert found.value == pytest.approx(-1.005) and found.low < -1.01 and found.high > -1.0


@pytest.mark.parametrize("count", [1, 4])
def test_numbers_of_cycles_that_agree_are_as_uncertain_as_the_gain(count: int) -> None:
    """Neither scatter nor noise: a gain of 2 % is a uniform error."""
    half = NORMAL_95 * 0.02 / math.sqrt(3.0)
    found = _mean("write_voltage", "V", [1.2] * count, [1e-9] * count, 0.02, {}, Flag.NONE)
    assert (found.low, found.value, found.high) == pytest.approx((1.2 * (1.0 - half), 1.2, 1.2 * (1.0 + half)))
    stand = PulseStand(0.3, 3e-6, 1e-9, 1e-15)
    found = _read([stand] * count, 0.02, {}, Flag.NONE)
    assert (found.low, found.value, found.high) == pytest.approx((1e5 / (1.0 + half), 1e5, 1e5 / (1.0 - half)))
    found = threshold((1.0, "qqqqqq"), (1.01, "ffffff"))
    assert (found.low, found.high) == pytest.approx((1.0 - 1.01 * half, 1.01 + 1.01 * half))


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


def test_pulses_that_are_not_known_to_have_fired_are_in_no_bracket_of_the_threshold() -> None:
    found = threshold((1.0, "qqqqqq"), (1.1, "qqaqqq"), (1.2, "ffffff"), (1.3, "ffaaaa"), (1.4, "aaaaaa"))
    assert found.low < 1.0 and 1.2 < found.high < 1.25 and found.flags & Flag.AMBIGUOUS   # it may have fired at 1.1 V
    assert "whether 11 of 30 pulses fired is not known" in found.method and "'resolution'" in found.method
    found = threshold((1.0, "qqqqqq"), (1.2, "aaaaaa"), (1.4, "aaaaaa"))
    assert (found.value, found.low, found.high) == (None, 1.0, None)
    assert found.flags == Flag.AMBIGUOUS | Flag.CENSORED
    found = threshold((1.2, "aaaaaa"), (1.4, "aaaaaa"))
    assert (found.value, found.low, found.high, found.flags) == (None, None, None, Flag.AMBIGUOUS)
    found = threshold((1.0, "qqqqqq"), (1.2, "ffffff"), (1.4, "dddddd"))   # that look like a diode may be off there
    assert (found.value, found.low, found.high) == (None, 1.0, None) and Flag.AMBIGUOUS in found.flags


#: a record of 350 us shows an edge of 1 us by a few samples, and the device switches on it
COARSE = {"repeats": 2, "width": "100 us", "read_width": "100 us", "gap": "100 us", "period": "1 ms",
          "rise_time": "1 us", "fall_time": "1 us"}


def test_a_height_that_switches_faster_than_is_shown_has_no_probability(measure: Any) -> None:
    done = measure("nbo2", "pulsed_iv", {**COARSE, "amplitude": "0.9 V, 1.4 V"})
    assert sum(record["kind"] == "on" for record in done.witness) == 2
    low, high = done.values("firing_probability")
    assert (low.value, low.flags, high.value, high.flags) == (0.0, Flag.NONE, None, Flag.AMBIGUOUS)
    (threshold,) = done.values("pulse_threshold_voltage")
    assert threshold.value is None and threshold.low < 0.95 and threshold.high is None
    assert Flag.AMBIGUOUS in threshold.flags and "from the edge on" in threshold.method
    assert all(draw() for _, draw in protocol_named("pulsed_iv").figures(done.run, ExtractionOptions()))


@pytest.mark.thorough
def test_a_resistor_does_not_fire_in_coarse_records(measure: Any) -> None:
    done = measure("nbo2", "pulsed_iv", {**COARSE, "amplitude": "0.9 V, 1.4 V"}, replace=(
        ('model = "nbo2"', 'model = "resistor"\nparameters = { r = 1e3 }'),))
    assert all(one.value == 0.0 and one.flags == Flag.NONE for one in done.values("firing_probability"))
    (threshold,) = done.values("pulse_threshold_voltage")
    assert threshold.value is None and threshold.low > 1.2 and Flag.AMBIGUOUS not in threshold.flags


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
