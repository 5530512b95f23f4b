"""A world file may state the calibration errors of its instruments in parts of the data sheet."""

from pathlib import Path
from typing import Any

import pytest

from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Calibration
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import KEYSIGHT_33622A as GENERATOR
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.data_sheet import KEYSIGHT_DSOX3054T as SCOPE
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import (
    ChannelErrors,
    InputChannel,
    channel_errors,
    displayed,
)
from tsbench.simulated_backends.world.world import World, close_world, open_world

WORLD = """
seed = 1
{errors}
[instruments.it]
model = "{model}"
resource = "USB0::1::2::SIM3::INSTR"
[fixture]
netlist = "R1 n 0 1k"
[fixture.terminals]
"{terminal}" = "n"
"""


def opened(tmp_path: Path, errors: str, model: str, terminal: str) -> World:
    path = tmp_path / "w.world.toml"
    path.write_text(WORLD.format(errors=errors, model=model, terminal=terminal), "utf-8")
    return open_world(path)


@pytest.mark.parametrize(("errors", "expected"), [
    ("calibration_errors = [1, -0.5]", Calibration(0.01, -1.0)),
    ("calibration_errors = [0, 0]", Calibration()),
    ("calibration_errors = [1, 1]\nimperfections = false", Calibration()),
])
def test_a_source_meter_has_them(errors: str, expected: Calibration, tmp_path: Path) -> None:
    world = opened(tmp_path, errors, "keithley_2450", "it")
    try:
        assert world.instruments["it"].calibration("any", 0.01, 2.0) == expected
    finally:
        close_world(world)


def test_every_output_of_a_generator_has_them(tmp_path: Path) -> None:
    world = opened(tmp_path, "calibration_errors = [2, -1]", "keysight_33622a", "it.1")
    try:
        instrument: Any = world.instruments["it"]
        found = instrument.channels.errors
    finally:
        close_world(world)
    assert {one.amplitude_gain for one in found.values()} == {2.0 * GENERATOR.amplitude_gain_accuracy}
    assert {one.offset for one in found.values()} == {-GENERATOR.offset_accuracy}
    assert {one.timebase for one in found.values()} == {2.0 * GENERATOR.timebase_accuracy}


def test_every_input_of_an_oscilloscope_has_them() -> None:
    found = channel_errors(BenchServices(calibration_errors=(1.0, -1.0)), "scope", SCOPE, {})
    assert set(found) == set(range(1, SCOPE.channels + 1))
    assert found[2] == ChannelErrors.stated(SCOPE, 1.0, -1.0)
    assert found[2].gain == SCOPE.gain_accuracy and found[2].offset == -SCOPE.offset_accuracy
    assert channel_errors(BenchServices(imperfections=False, calibration_errors=(1.0, 1.0)), "scope", SCOPE, {})[
        1] == ChannelErrors()


def test_errors_of_gain_and_of_the_offset_setting_move_a_trace_the_same_way() -> None:
    """Else a corner of the data sheet would not be where the record is farthest from the truth."""
    channel = InputChannel(1, "n", 0.5, 1.5)
    both = displayed(channel, ChannelErrors.stated(SCOPE, 1.0, 0.0)).zero
    gain = displayed(channel, ChannelErrors(gain=SCOPE.gain_accuracy)).zero
    setting = displayed(channel, ChannelErrors(offset_gain=-SCOPE.offset_gain_accuracy)).zero
    assert both == pytest.approx(gain + setting) and gain < 0.0 and setting <= 0.0
