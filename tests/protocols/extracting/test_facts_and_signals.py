"""What the extractions take from the header and the waveforms of a run."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from tests.fixtures.made_runs import pulses, run, sweep
from tsbench.extraction import ExtractionOptions, extract
from tsbench.protocols.extracting.facts import sweep_facts, timebase_accuracy
from tsbench.protocols.extracting.signals import device_records
from tsbench.records import Flag


def test_systematic_parts_come_from_the_ranges_in_use():
    facts = sweep_facts(sweep(), ExtractionOptions())
    assert facts.voltage_gain == 2e-4
    assert facts.voltage_offset == 3e-4
    assert facts.current_noise == 5e-9
    assert facts.path_resistance == 52.0
    assert timebase_accuracy(sweep().header) == 1.6e-6


def behind_a_pole(waveforms, time_constant):
    """Return the two channels with the sense voltage behind a pole of ``time_constant`` [s], in codes."""
    high, low = waveforms
    share = 1.0 - np.exp(-low.dt / time_constant)
    sense = low.codes * low.scale
    late = lfilter([share], [1.0, share - 1.0], sense, axis=1)
    return [replace(high, codes=np.rint(high.codes + (late - sense) / high.scale).astype(high.codes.dtype)),
            replace(low, codes=np.rint(late / low.scale).astype(low.codes.dtype))]


@pytest.mark.parametrize("capacitor", ["C_low low 0 100p", "C_low 0 LOW 100p"])
def test_capacitance_across_the_sense_resistor_comes_from_the_netlist(capacitor):
    late = run("pulse_train", ("amplitude",), np.array([[1.2]]), waveforms=behind_a_pole(pulses(), 50 * 100e-12))
    fixture = replace(
        late.header.fixture, netlist=f"R1 dut low 1k\nR_shunt low 0 50\n{capacitor}\nXDUT dut low device\n",
        terminals={**late.header.fixture.terminals, late.header.fixture.sensing.current: "low"},
    )
    known = replace(late, header=replace(late.header, fixture=fixture))
    unknown, found = (
        next(result for result in extract(each) if result.quantity == "switching_delay") for each in (late, known)
    )
    true = 60e-9   # of ``pulses``
    assert unknown.low > true   # the pole makes the current late, and nothing says so
    assert found.low <= true <= found.high


def test_device_voltage_is_the_difference_and_current_the_low_side():
    (record,) = device_records(run("pulse_train", ("index",), waveforms=pulses()))
    assert record.voltage.shape == (3, 1400)
    assert record.voltage[0].max() == pytest.approx(1.2, abs=0.02)
    assert record.current[0].max() == pytest.approx(1.55e-3, rel=0.02)
    assert record.clipped == (False, False, False)


def test_a_converter_of_8_bits_has_its_own_step_in_a_record_of_16_bits():
    """The current before a device fires is less than a step: it has no sign, and cannot be opposite to the voltage."""
    high, low = (replace(one, codes=256 * one.codes.astype(np.int16), scale=one.scale / 256, clip_low=None,
                         clip_high=None)
                 for one in pulses())
    wide = run("pulse_train", ("index",), waveforms=[high, low])
    (record,), (narrow,) = device_records(wide), device_records(run("pulse_train", ("index",), waveforms=pulses()))
    assert record.voltage_resolution == pytest.approx(narrow.voltage_resolution)
    assert record.current_resolution == pytest.approx(narrow.current_resolution) == 256 * low.scale / 50.0


def test_clipped_segments_are_said_one_by_one():
    high, low = pulses()
    high.codes[1, 700] = 255
    single = [
        result
        for result in extract(run("pulse_train", ("index",), waveforms=[high, low]))
        if "pulse" in result.conditions
    ]
    assert [Flag.CLIPPED in result.flags for result in single] == [False, True, False]


def test_channels_of_two_acquisitions_are_not_one_record():
    high, low = pulses()
    later = replace(low, time=high.time + 1.0)
    assert len(list(device_records(run("pulse_train", ("index",), waveforms=[high, low])))) == 1
    assert len(list(device_records(run("pulse_train", ("index",), waveforms=[high, later])))) == 2
