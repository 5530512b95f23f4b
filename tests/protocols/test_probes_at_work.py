"""A pulse train and a sweep through a probe of 10:1 that both the bench file and the world have."""

from pathlib import Path

import pytest

from tests.station.bench.test_probes import SENSING, TABLE, changed
from tsbench.demo.truth import true_value
from tsbench.protocols import protocol_named
from tsbench.protocols.acquiring.device_view import VOLTAGE_HIGH
from tsbench.records import Flag, PassiveProbe
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

SCOPE = 'model = "keysight_dsox3054t"\n'
PROBE = {SCOPE: SCOPE + "options = { probes = { 1 = 10 } }\n"}


@pytest.mark.thin(2)
@pytest.mark.parametrize(("protocol", "quantity", "row"), [
    ("pulse_train", "switching_delay", "switching_delay_mean"),
    ("iv_sweep", "threshold_voltage", "threshold_voltage")])
def test_results_hold_the_truth_and_levels_are_those_at_the_tip(
    protocol: str, quantity: str, row: str, nbo2_bench: Path, tmp_path: Path,
) -> None:
    file = changed(nbo2_bench, {SENSING: f"{TABLE}accuracy = 0.01\n{SENSING}"}, PROBE)
    outcome = run_protocol(file, "D1", protocol_named(protocol).parse({}), tmp_path / "runs")
    assert outcome.status == "success" and outcome.path is not None, outcome.reason
    run, witness = read_run(outcome.path), read_witness(tmp_path / "nbo2.witness.jsonl")
    assert run.header.fixture.probes == {"scope.1": PassiveProbe(10.0, 10e6, 0.01)}   # the run file has it
    assert run.header.instruments["scope"]["settings"]["channel_1_probe_attenuation"] == 10.0
    found = next(result for result in run.results if result.quantity == row)
    true = true_value(quantity, found, run, witness)
    assert true is not None and found.low is not None and found.high is not None and found.value is not None
    assert found.low <= true <= found.high and found.value == pytest.approx(true, rel=0.05)
    assert Flag.CLIPPED not in found.flags
    for record in run.waveforms if protocol == "pulse_train" else ():
        if record.channel == VOLTAGE_HIGH:   # before it switches, the device has all of the pulse
            assert record.values().max() == pytest.approx(record.conditions["amplitude"], rel=0.1)
