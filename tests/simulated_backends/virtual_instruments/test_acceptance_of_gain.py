"""A gain error that no data sheet allows fails the acceptance of each family of oscilloscopes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.acceptance import running
from benchmarks.acceptance.benches import registered
from benchmarks.acceptance.results import Outcome
from benchmarks.acceptance.running import check_driver, drivers, twin_of
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import ChannelErrors
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class

pytestmark = [  # drivers of others, as they are
    pytest.mark.filterwarnings("ignore"), pytest.mark.tsbench_outputs_stay_on,
]
#: rows and cases of packages that the tests' own installation has, one for each family
CASES = (
    ("pymeasure.KeysightDSOX1102G", "record_is_the_generators_waveform"),
    ("pymeasure.LeCroyT3DSO1204", "waveform_of_the_t3dso_is_the_generators"),
    ("pymeasure.SDS1000XHD.waveform", "waveform_of_the_sds_is_the_generators"),
    ("pymeasure.TeledyneMAUI", "measurements_of_the_maui"),
    ("qcodes.KeysightInfiniium", "block_of_the_infiniium_is_the_generators_waveform"),
    ("qcodes.RigolDS1074Z", "block_of_the_rigol_is_the_generators_waveform"),
    ("qcodes.RohdeSchwarzRTO1000", "rto_trace_is_the_generators_waveform"),
    ("qcodes.TektronixDPO7000xx", "record_has_the_levels_of_the_generator"),
)


def twin(row: str) -> str:
    found = twin_of(drivers()[row].twins)
    assert found is not None
    return found


def family(model: str) -> str:
    """Return the package of a virtual instrument."""
    return instrument_class(model).__module__.rpartition(".")[0]


def outcome_of(row: str, case: str) -> Outcome:
    """Run one case in process."""
    (found,) = check_driver(drivers()[row], twin(row), "in process", [case])
    return found


def test_each_family_of_oscilloscopes_has_a_case() -> None:
    scopes = [model for model in registered() if issubclass(instrument_class(model), VirtualOscilloscope)]
    assert {family(twin(row)) for row, _ in CASES} == {family(model) for model in scopes}


@pytest.mark.thin(4)
@pytest.mark.parametrize(("row", "case"), CASES)
def test_a_gain_error_of_5_percent_fails(
    row: str, case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "FOLDER", tmp_path)
    monkeypatch.setenv("TSBENCH_WITNESS", "")
    assert outcome_of(row, case).passed
    draw: Any = ChannelErrors.draw
    for gain in (0.05, -0.05):
        def wrong(sheet: ScopeDataSheet, generator: np.random.Generator, gain: float = gain) -> ChannelErrors:
            return replace(draw(sheet, generator), gain=gain)

        with monkeypatch.context() as patch:
            patch.setattr(ChannelErrors, "draw", staticmethod(wrong))
            found = outcome_of(row, case)
        assert not found.passed
        assert any(f"AssertionError: {what}" in found.shown for what in ("swing", "amplitude", "high level", "top"))
