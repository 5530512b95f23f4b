"""PyMeasure's own LeCroyT3DSO1204 and SDS1000XHD, unmodified, on their twins; the whole suites are in the benchmark."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.acceptance.benches import PARTNER, TESTED, resource, world_text

pytestmark = [  # drivers of others, as they are
    pytest.mark.filterwarnings("ignore"), pytest.mark.tsbench_outputs_stay_on,
]


def library(folder: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the library of a bench with the scope and a generator that outputs 0 V to 2 V at 1 kHz."""
    import pyvisa

    monkeypatch.setenv("TSBENCH_WITNESS", "")
    world = folder / "scope.world.toml"
    world.write_text(world_text(model, "keysight_33622a"), "utf-8")
    assert TESTED != PARTNER
    generator: Any = pyvisa.ResourceManager(f"{world}@tsbench").open_resource(resource(2))
    for message in ("*RST", "OUTP1:LOAD INF", "FUNC SQU", "FREQ 1000", "VOLT:HIGH 2", "VOLT:LOW 0", "OUTP1 ON"):
        generator.write(message)
    assert generator.query("*OPC?").strip() == "1"
    return f"{world}@tsbench"


def test_lecroy_t3dso1204(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymeasure.instruments.lecroy import LeCroyT3DSO1204

    monkeypatch.setattr(LeCroyT3DSO1204, "WRITE_INTERVAL_S", 0.0)
    scope: Any = LeCroyT3DSO1204(resource(1), visa_library=library(tmp_path, "lecroy_t3dso1204", monkeypatch))
    scope.ch_1.scale, scope.ch_1.offset = 0.5, -1.0
    scope.timebase_scale, scope.memory_size = 2e-4, 14e3
    scope.trigger_select = ("edge", "c1", "off")
    scope.ch_1.trigger_level, scope.ch_1.trigger_slope = 1.0, "positive"
    scope.single()
    for _ in range(100):
        if scope.acquisition_status == "stopped":
            break
    volts, times, preamble = scope.download_waveform("C1", requested_points=1000, sparsing=10)
    high = volts > 1.0
    assert np.median(volts[high]) == pytest.approx(2.0 * 10e3 / 10050, abs=0.15)
    assert np.median(volts[~high]) == pytest.approx(0.0, abs=0.15)
    rises = times[1:][high[1:] & ~high[:-1]]
    assert np.min(np.abs(rises)) < 2 * 10 / preamble["sampling_rate"]
    scope.adapter.close()
