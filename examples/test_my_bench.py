"""Tests of one's own measurements on a simulated bench: copy this file, run ``pytest test_my_bench.py``.

The fixtures come with tsbench. Every test gets a bench of its own, just switched on. A test that leaves an
output on fails, whatever it asserted: take ``set_output(False)`` out of ``resistance`` and see.
"""

from typing import Any

import pytest

from tsbench.instruments import MeasureSettings, SourceSettings


def resistance(bench: Any, voltage: float) -> float:
    """Return the resistance [Ohm] at ``voltage``: a measurement as one might write it."""
    meter = bench.source_meter("drive")
    meter.configure_source(SourceSettings("voltage", range=abs(voltage), compliance_current=5e-3))
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=1.0))
    meter.set_output(True)
    try:
        meter.set_level(voltage)
        reading = meter.measure()
    finally:
        meter.set_output(False)
    return float(reading.voltage / reading.current)


@pytest.mark.tsbench_bench("resistor")
def test_my_measurement_finds_the_resistor(simulated_bench: Any) -> None:
    assert resistance(simulated_bench.open(), 1.0) == pytest.approx(10e3, rel=5e-3)


@pytest.mark.tsbench_bench("nbo2")
def test_sweep_finds_the_threshold_that_the_witness_saw(measure: Any, witness: Any) -> None:
    sweep = measure("iv_sweep", stop="1.2 V", step="10 mV", compliance="1 mA")
    assert sweep.outcome.status == "success"
    (true,) = [event.threshold for event in witness.log.switching_on() if event.polarity > 0]
    assert sweep.value("threshold_voltage") == pytest.approx(true, rel=0.02)


@pytest.mark.tsbench_bench("nbo2")
@pytest.mark.tsbench_fault("connection_lost", message=60)
def test_a_lost_connection_costs_no_data_and_leaves_nothing_on(measure: Any, witness: Any) -> None:
    sweep = measure("iv_sweep", stop="1.2 V", step="20 mV")
    assert sweep.outcome.status == "fail"
    assert "connection" in sweep.outcome.reason
    assert sweep.run.status == "fail"  # what was measured before is in its file
    assert witness.outputs_left_on() == []


@pytest.mark.tsbench_bench("nbo2")
@pytest.mark.parametrize("compliance", [0.5e-3, 1e-3])
def test_the_device_never_sees_much_more_than_the_compliance(measure: Any, witness: Any, compliance: float) -> None:
    measure("iv_sweep", stop="1.2 V", step="20 mV", compliance=compliance)
    charges = [overshoot.charge for overshoot in witness.log.overshoots()]
    assert max(charges, default=0.0) < 5e-9  # [C] above the compliance, before the source meter had noticed


@pytest.mark.tsbench_bench("resistor")
@pytest.mark.tsbench_seed(8)
def test_another_specimen_of_the_source_meter_finds_it_too(simulated_bench: Any) -> None:
    assert resistance(simulated_bench.open(), 1.0) == pytest.approx(10e3, rel=5e-3)
