"""PyMeasure's own Agilent33500 and KeysightDSOX1102G, unmodified, on the resistor bench behind @tsbench."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [  # drivers of others, as they are
    pytest.mark.filterwarnings("ignore::FutureWarning"), pytest.mark.tsbench_outputs_stay_on,
]

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
GENERATOR = "USB0::0x2A8D::0x5A01::SIM00012::INSTR"
SCOPE = "USB0::0x2A8D::0x1764::SIM00013::INSTR"
LOAD = 10e3 * 1e6 / (10e3 + 1e6)   #: [Ohm] the resistor and the scope's input
SHARE = LOAD / (LOAD + 50)


@pytest.fixture
def instruments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    from pymeasure.instruments.agilent import Agilent33500
    from pymeasure.instruments.keysight import KeysightDSOX1102G

    monkeypatch.setenv("TSBENCH_WITNESS", str(tmp_path / "witness.jsonl"))
    world = shutil.copy(EXAMPLES / "resistor.world.toml", tmp_path)
    library = f"{world}@tsbench"
    generator = Agilent33500(GENERATOR, visa_library=library)
    scope = KeysightDSOX1102G(SCOPE, visa_library=library)
    yield generator, scope
    for instrument in (generator, scope):
        instrument.adapter.connection.close()
        instrument.adapter.manager.close()


def pulses(generator: Any, low: float = 0.0, high: float = 2.0, count: int = 3) -> None:
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.shape = "PULS"
    channel.pulse_width = 200e-6
    channel.pulse_period = 1e-3
    channel.pulse_transition = 100e-9
    channel.voltage_high = high
    channel.voltage_low = low
    channel.burst_ncycles = count
    generator.trigger_source = "BUS"
    channel.burst_mode = "TRIG"
    channel.burst_state = True
    channel.output = True


def armed(scope: Any) -> None:
    """Single acquisition; the class has no trigger commands."""
    scope.write(":TRIG:SWE NORM")
    scope.write(":TRIG:EDGE:SOUR CHAN1")
    scope.write(":TRIG:EDGE:LEV 1.0")
    scope.single()
    assert any(int(scope.ask(":AER?")) for _ in range(100))


def finished(scope: Any) -> bool:
    """Poll the run bit until the acquisition is over."""
    return any(not int(scope.ask(":OPER:COND?")) & 8 for _ in range(100))


def edges(times: Any, volts: Any, level: float) -> tuple[Any, Any]:
    above = volts >= level
    return times[1:][~above[:-1] & above[1:]], times[1:][above[:-1] & ~above[1:]]


def test_pulses_of_the_generator_on_the_scope(instruments: tuple[Any, Any]) -> None:
    generator, scope = instruments
    assert generator.id.strip().startswith("Agilent Technologies,33622A,SIM")
    pulses(generator)
    assert generator.check_errors() == []
    assert generator.ch_1.output_load == pytest.approx(9.9e37)
    assert generator.ch_1.pulse_width == pytest.approx(200e-6)
    assert generator.ch_1.output is True
    scope.ch1.range, scope.ch1.offset = 4.0, 1.0
    scope.timebase_range, scope.timebase_offset = 5e-3, 2e-3
    armed(scope)
    generator.trigger()
    generator.wait_for_trigger()
    assert finished(scope)
    data, preamble = scope.download_data("channel1", points=50000)
    times = preamble["xorigin"] + np.arange(len(data)) * preamble["xincrement"]
    up, down = edges(times, data, 1.0)
    assert up == pytest.approx([0.0, 1e-3, 2e-3], abs=3e-7)
    assert down - up == pytest.approx(200e-6, rel=2e-3)
    top = np.median(data[(times > 50e-6) & (times < 150e-6)])
    # generator: 1 % + 1 mV of 2 V, 1 % + 0.25 % + 2 mV of the offset; scope: 2 %, 0.1 div + 2 mV + 1 %
    bound = 0.021 + 0.017 + 0.02 * 2 + 0.05 + 2e-3 + 0.01
    assert top == pytest.approx(2.0 * SHARE, abs=bound)
    assert scope.ask(":SYST:ERR?").strip() == '+0,"No error"'


def test_digitize_and_a_triggered_arbitrary_waveform(instruments: tuple[Any, Any]) -> None:
    generator, scope = instruments
    channel = generator.ch_1
    channel.output_load = "INF"
    channel.data_volatile_clear()
    channel.data_arb("steps", [-32767] * 20 + [32767] * 20 + [0] * 20 + [-32767] * 20, data_format="DAC")
    channel.arb_file = "steps"
    channel.shape = "ARB"
    channel.arb_srate = 1e5
    channel.arb_filter = "OFF"
    channel.amplitude, channel.offset = 2.0, 1.0
    channel.burst_ncycles = 1
    generator.trigger_source = "BUS"
    channel.burst_state = True
    channel.output = True
    assert generator.check_errors() == []
    scope.ch1.range, scope.ch1.offset = 4.0, 1.0
    scope.timebase_range, scope.timebase_offset = 1e-3, 3e-4
    armed(scope)
    generator.trigger()
    generator.wait_for_trigger()
    assert finished(scope)
    data, preamble = scope.download_data("channel1", points=10000)
    times = preamble["xorigin"] + np.arange(len(data)) * preamble["xincrement"]
    begins = (-150e-6, 50e-6, 250e-6, 450e-6)
    plateaus = [np.median(data[(times > t) & (times < t + 100e-6)]) for t in begins]
    assert plateaus == pytest.approx(np.array([0.0, 2.0, 1.0, 0.0]) * SHARE, abs=0.14)


def test_settings_of_the_scope_read_back(instruments: tuple[Any, Any]) -> None:
    _, scope = instruments
    scope.ch1.setup(bwlimit=True, coupling="dc", display=True, invert=False, label="drive", offset=0.5,
                    probe_attenuation=10, vertical_range=16.0)
    found = scope.ch1.current_configuration
    assert found["CHAN"] == 1
    assert found["RANG"] == pytest.approx(16.0)
    assert found["OFFS"] == pytest.approx(0.5)
    assert found["PROB"] == pytest.approx(10.0)
    assert found["BWL"] is True
    scope.timebase_setup(mode="main", horizontal_range=2e-3, offset=1e-4)
    assert scope.timebase == {"MODE": "MAIN", "REF": "CENT", "MAIN:RANG": pytest.approx(2e-3),
                              "POS": pytest.approx(1e-4)}
    scope.timebase_scale = 1e-4
    assert scope.timebase_range == pytest.approx(1e-3)
    scope.acquisition_mode = "segmented"
    assert scope.acquisition_mode == "segmented"
    assert bytes(scope.download_image()[:8]) == b"\x89PNG\r\n\x1a\n"
    # a defect of the class, which the hardware shows as well: "%f" makes 0 of 100 ns, which is out of range
    scope.timebase_scale = 1e-7
    codes = [int(scope.ask(":SYST:ERR?").split(",")[0]) for _ in range(3)]
    assert codes == [-420, -222, 0]   # the picture was read until the timeout: a read without a question


def test_unknown_header_and_refusal_reach_pymeasure(instruments: tuple[Any, Any]) -> None:
    generator, _ = instruments
    generator.write("NONSENSE 1")
    generator.ch_1.amplitude = 10   # into the 50 Ohm setting: the most there is
    assert [int(error[0]) for error in generator.check_errors()] == [-113]
    generator.ch_1.offset = 4.0
    assert [int(error[0]) for error in generator.check_errors()] == [-222]
    assert generator.ch_1.offset == pytest.approx(0.0)
