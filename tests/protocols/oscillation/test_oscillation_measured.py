"""The oscillation protocol on the simulated bench."""

import pytest

from tsbench.records import Flag

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
