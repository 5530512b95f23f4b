"""The oscillation map on the simulated crossbar, with decade boxes and a heated chuck, against the witness."""

from pathlib import Path

import pytest

from tests.station.bench.test_switching_and_moving import copied
from tsbench.analysis.figures import Figure
from tsbench.protocols import protocol_named
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import outputs_left_on, read_witness
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "output")
def test_a_map_over_load_and_temperature(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A larger load makes it slower and opens the window upwards."""
    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "w.jsonl"))
    protocol = protocol_named("oscillation_map").parse({
        "bias": "2.1 V, 3.0 V", "load": "3 kOhm, 5 kOhm", "temperature": "330 K", "periods": 12,
        "longest_period": "10 us"})
    outcome = run_protocol(copied(tmp_path, "crossbar"), "D11", protocol, tmp_path / "runs")
    assert outcome.status == "success" and outcome.safe and outputs_left_on(tmp_path / "w.jsonl") == []
    run, log = read_run(outcome.path), read_witness(tmp_path / "w.jsonl")
    found = {(r.conditions["temperature"], r.conditions["load_resistance"], r.conditions["bias"]): r
             for r in outcome.results if r.quantity == "frequency"}
    assert len(found) == 4 and len(run.points) == 4
    for wave in run.waveforms:
        key = tuple(wave.conditions[name] for name in ("temperature", "load_resistance", "bias"))
        true = log.spike_times(*log.acquired(wave.time, wave.t0, wave.dt * wave.codes.shape[1]))
        if true.size < 4:
            assert Flag.NO_EVENT in found[key].flags, key
        else:
            rate = (true.size - 1) / (true[-1] - true[0])
            assert found[key].low - 1e-4 * rate < rate < found[key].high + 1e-4 * rate, key
    assert found[330.0, 3e3, 2.1].value > 1.2 * found[330.0, 5e3, 2.1].value
    assert found[330.0, 5e3, 3.0].value is not None and found[330.0, 3e3, 3.0].value is None
    drawn = dict(protocol_named("oscillation_map").figures(run, ExtractionOptions()))
    assert set(drawn) == {"map_1", "curves_1"}
    assert all(isinstance(draw(), Figure) for draw in drawn.values())
