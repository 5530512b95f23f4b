"""The arbitrary stimulus on the simulated bench, against the witness."""

import numpy as np
import pytest

from tests.fixtures.simulated_bench import STRAIGHT
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog


@pytest.mark.sabotage("resistor", "units", "output")
def test_spikes_and_energy_of_a_damped_burst(measure):
    """It drives both polarities, and its later swings are too weak to make spikes."""
    done = measure("nbo2", "stimulus", {
        "amplitude": "1 V, 2.4 V", "repeats": 2, "rest": "0.1 ms", "shape": "piezo", "period": "8 us", "decay": "8 us"})
    assert done.outcome.status == "success" and done.outcome.safe and done.left_on == []
    assert not (done.run.point_flags & (Flag.TRIGGER_MISSED | Flag.CLIPPED)).any()
    log, times = WitnessLog(done.witness), done.run.column("time")
    counts = {row.conditions["amplitude"]: row for row in done.values("spike_count")}
    energies = {row.conditions["amplitude"]: row for row in done.values("stimulus_energy")}
    spans = list(zip(times, [*times[1:], np.inf], strict=True))
    true = [len(log.switching_on(*span)) for span in spans]
    assert counts[1.0].value == 0 and true[:2] == [0, 0]
    assert counts[2.4].value == pytest.approx(np.mean(true[2:]), abs=0.5) and counts[2.4].value > 5
    # of the last one: from its end to the next switching on, nothing happens. Both stimuli of 2.4 V are alike
    taken = sum(event.energy for event in [*log.switching_on(*spans[3]), *log.switching_off(*spans[3])])
    assert energies[2.4].low < taken < energies[2.4].high and energies[2.4].value == pytest.approx(taken, rel=0.04)
    assert all(not row.flags & Flag.CLIPPED for row in (*counts.values(), *energies.values()))


#: straight to the device, which then stays on until the voltage is low again
SWITCHED = {"amplitude": "0.8 V, 1.6 V", "repeats": 2, "samples": 2000, "rest": "0.1 ms", "period": "20 us"}


@pytest.mark.thin(2)
@pytest.mark.parametrize("shape", ["rectangle", "triangle"])
def test_a_stimulus_that_switches_the_device_without_a_fall_of_its_voltage_has_no_count(measure, shape):
    done = measure("nbo2", "stimulus", {**SWITCHED, "shape": shape}, roles=STRAIGHT)
    assert len(WitnessLog(done.witness).switching_on()) >= 2
    counts = {row.conditions["amplitude"]: row for row in done.values("spike_count")}
    assert (counts[0.8].value, counts[0.8].flags) == (0.0, Flag.NONE)
    assert (counts[1.6].value, counts[1.6].low, counts[1.6].high) == (None, 0.0, None)
    assert counts[1.6].flags == Flag.AMBIGUOUS and "2 of 2 is not known" in counts[1.6].method
    assert "load resistance" in counts[1.6].method and done.values("stimulus_energy")[1].flags == Flag.NONE


@pytest.mark.thin(2)
@pytest.mark.parametrize("shape", ["rectangle", "triangle"])
def test_a_resistor_makes_no_spike(measure, shape):
    done = measure("nbo2", "stimulus", {**SWITCHED, "amplitude": "1.6 V", "shape": shape}, roles=STRAIGHT, replace=(
        ('model = "nbo2"', 'model = "resistor"\nparameters = { r = 1e3 }'),))
    (count,) = done.values("spike_count")
    assert (count.value, count.high, count.flags) == (0.0, 0.0, Flag.NONE)
