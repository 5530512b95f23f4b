"""The pulse train on the simulated bench."""

from dataclasses import replace

import numpy as np
import pytest

from tsbench.extraction import extract
from tsbench.protocols import PulseTrain
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog

RESISTOR = (('model = "nbo2"', 'model = "resistor"\nparameters = { r = 10e3 }'),)


def highest_voltage(done, amplitude):
    """Return the device voltage [V] just before it switches, averaged over pulses."""
    high, low = (wave for wave in done.run.waveforms if wave.conditions["amplitude"] == amplitude)
    return (high.values() - low.values()).mean(axis=0).max()


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
def test_every_pulse_is_recorded_and_switches_the_device(measure):
    done = measure("nbo2", "pulse_train", {"count": 10})
    assert done.outcome.status == "success" and done.outcome.safe and done.left_on == []
    assert len(done.run.points) == 10
    assert not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    high, low = done.run.waveforms
    assert high.codes.shape[0] == low.codes.shape[0] == 10
    (mean,) = done.values("switching_delay_mean") or done.values("mean_switching_delay")
    assert 60e-9 < mean.value < 90e-9  # the witness sees 75 ns at 1.15 V
    assert mean.low < mean.value < mean.high


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "units", "output")
def test_a_higher_pulse_switches_sooner(measure):
    done = measure("nbo2", "pulse_train", {"amplitude": "1.15 V, 1.2 V, 1.3 V", "count": 5})
    delays = {
        amplitude: np.mean(
            [r.value for r in done.values("switching_delay") if r.conditions.get("amplitude") == amplitude]
        )
        for amplitude in (1.15, 1.3)
    }
    assert delays[1.3] < 0.7 * delays[1.15]
    for amplitude in delays:
        assert highest_voltage(done, amplitude) == pytest.approx(amplitude, rel=0.06)
    assert done.outcome.safe and done.left_on == []
    times, log = done.run.column("time").reshape(3, 5), WitnessLog(done.witness)
    true = [np.mean([event.delay for event in log.switching_on(row[0], row[-1] + 1e-3)]) for row in times]
    slope, = done.values("delay_slope")
    assert slope.low < np.polyfit([1.15, 1.2, 1.3], np.log(true), 1)[0] < slope.high and slope.value < -3.0
    assert Flag.AMBIGUOUS in slope.flags   # a device that heats itself has no exponential law
    flags = done.run.point_flags | np.where(done.run.column("amplitude") == 1.2, Flag.TRIGGER_MISSED, 0)
    found = extract(replace(done.run, point_flags=flags.astype(np.uint32)))
    shares = {one.conditions["amplitude"]: one.flags for one in found if one.quantity == "switching_probability"}
    assert shares == {1.15: Flag.NONE, 1.2: Flag.TRIGGER_MISSED, 1.3: Flag.NONE}   # those that found it on, maybe


@pytest.mark.sabotage("units", "output")
def test_a_resistor_shows_amplitude_width_and_current_and_does_not_switch(measure):
    done = measure(
        "nbo2", "pulse_train", {"amplitude": "1.0 V", "width": "2 us", "count": 5}, replace=RESISTOR
    )
    high, low = done.run.waveforms
    voltage = (high.values() - low.values()).mean(axis=0)
    current = low.values().mean(axis=0) / 50
    times = high.times()
    top = voltage[(times > 0.5e-6) & (times < 1.5e-6)].mean()
    assert top == pytest.approx(1.0 * 10e3 / (10e3 + 102), rel=0.03)
    assert current[(times > 0.5e-6) & (times < 1.5e-6)].mean() == pytest.approx(top / 10e3, abs=6e-6)
    above = times[voltage > top / 2]
    assert above[-1] - above[0] == pytest.approx(2e-6, abs=20e-9)
    assert all(result.value is None for result in done.values("switching_delay"))
    assert done.outcome.safe and done.left_on == []


@pytest.mark.thin(3)
@pytest.mark.parametrize("amplitude", ["0.8 V", "1.0 V", "1.5 V"])
def test_the_probability_of_a_diode_holds_zero(measure, amplitude):
    """Its conductance jumps behind a fast edge, but never at a lower voltage."""
    done = measure("nbo2", "pulse_train", {"amplitude": amplitude, "count": 6},
                   replace=(('model = "nbo2"', 'model = "diode"'),))
    (probability,) = done.values("switching_probability")
    assert probability.value is None or probability.low < 0.05   # None: nothing is known of any pulse
    assert probability.value == 0.0 or Flag.AMBIGUOUS in probability.flags


@pytest.mark.thin(2)
@pytest.mark.sabotage("resistor", "output")
@pytest.mark.parametrize("gaps", ["5 us, 20 us, 100 us", "20 ms, 50 ms"])
def test_gaps_are_as_asked_for(measure, gaps):
    done = measure("nbo2", "pulse_train", {"gaps": gaps})
    assert not (done.run.point_flags & Flag.TRIGGER_MISSED).any()
    wanted = [
        {"5": 5e-6, "20": 20e-6, "100": 100e-6}[gap.split()[0]]
        if "us" in gap
        else float(gap.split()[0]) * 1e-3
        for gap in gaps.split(", ")
    ]
    gaps_measured = done.run.column("gap")[1:]
    assert gaps_measured == pytest.approx(wanted, rel=0.1)
    assert highest_voltage(done, 1.15) == pytest.approx(1.15, rel=0.06)
    assert done.outcome.safe and done.left_on == []
    assert len([r for r in done.values("switching_delay") if r.value is not None]) == len(wanted) + 1


def test_the_offset_of_a_scope_is_no_level_at_which_a_device_could_still_be_on(tmp_path):
    """Seed 5 has a scope that shows 12 mV where there is nothing: three pulses of twenty were said not to fire."""
    from tsbench.demo import lay_bench
    from tsbench.station.runner import run_protocol

    outcome = run_protocol(lay_bench(tmp_path, seed=5), "D1", PulseTrain(), tmp_path)
    delays = [result for result in outcome.results if result.quantity == "switching_delay"]
    assert len(delays) == 20 and all(result.value is not None for result in delays)
