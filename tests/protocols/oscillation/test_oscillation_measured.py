"""The oscillation protocol on the simulated bench."""

import numpy as np
import pytest

from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog

RESISTOR = (('model = "nbo2"', 'model = "resistor"\nparameters = { r = 10e3 }'),)


@pytest.mark.sabotage("resistor", "units", "output")
def test_each_bias_gives_a_frequency(measure):
    done = measure("nbo2", "oscillation")
    assert done.outcome.status == "success" and done.outcome.safe and done.left_on == []
    frequencies = {r.conditions["bias"]: r for r in done.values("frequency")}
    assert set(frequencies) == {1.8, 2.2, 2.6}
    for found in frequencies.values():
        assert 0.3e6 < found.value < 20e6
        assert (found.high - found.low) / 2 < 0.005 * found.value
    assert frequencies[1.8].value < frequencies[2.6].value
    for wave in done.run.waveforms:
        periods = wave.dt * wave.codes.shape[1] * frequencies[wave.conditions["bias"]].value
        assert 99 < periods < 103
        assert not wave.flags & Flag.CLIPPED


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
def test_below_the_window_it_is_quiet(measure):
    done = measure("nbo2", "oscillation", {"bias": "1.0 V, 2.2 V"})
    quiet, loud = done.values("frequency")
    assert quiet.value is None and Flag.NO_EVENT in quiet.flags
    assert loud.value is not None
    assert any("no oscillation at a bias of 1.000 V" in event.message for event in done.events)
    assert done.outcome.safe and done.left_on == []


@pytest.mark.sabotage("units", "output")
def test_a_resistor_does_not_oscillate(measure):
    done = measure("nbo2", "oscillation", {"bias": "2.0 V"}, replace=RESISTOR)
    (found,) = done.values("frequency")
    assert found.value is None
    high, low = done.run.waveforms
    device = (high.values() - low.values()).mean()
    assert device == pytest.approx(2.0 * 10e3 / (10e3 + 5100), rel=0.04)
    assert low.values().mean() / 50 == pytest.approx(device / 10e3, rel=0.1)
    assert done.outcome.safe and done.left_on == []


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
def test_energy_per_spike_and_the_curve_against_the_witness(measure):
    """At 2 V or so, some 60 pJ a spike: from the switching off before it to the next one, by the witness."""
    done = measure("nbo2", "oscillation", {"bias": "1.2 V, 1.9 V, 2.2 V, 2.5 V", "periods": 30})
    log = WitnessLog(done.witness)
    energies = {r.conditions["bias"]: r for r in done.values("spike_energy")}
    assert sorted(energies) == [1.9, 2.2, 2.5]
    for wave in done.run.waveforms[::2]:
        span = log.acquired(wave.time, wave.t0, wave.dt * wave.codes.shape[1])
        offs, ons = log.switching_off(*span), log.switching_on(*span)
        if (bias := wave.conditions["bias"]) not in energies:
            assert not ons
            continue
        true = np.mean([event.energy for event in offs]) + np.mean([event.energy for event in ons])
        found = energies[bias]
        assert found.low < true < found.high and found.value == pytest.approx(true, rel=0.03)
        assert found.high - found.low < 0.15 * true and "mean current of the source" in found.method
    assert done.outcome.safe and done.left_on == []
    (onset,), (end,) = done.values("oscillation_onset"), done.values("oscillation_end")
    assert (onset.low, onset.high) == (1.2, 1.9) and end.low == 2.5 and Flag.CENSORED in end.flags
