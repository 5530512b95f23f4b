"""The guard: nothing beyond a limit of instrument or device reaches a driver; switching off always does."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.errors import CommunicationError, InstrumentError, LimitError
from tsbench.instruments import (
    ArbitraryWaveform,
    MeasureSettings,
    Oscilloscope,
    OutputState,
    Pulse,
    PulseGenerator,
    Range,
    SourceMeter,
    SourceSettings,
    Timebase,
    Vertical,
)
from tsbench.instruments.guard.generator import GuardedPulseGenerator
from tsbench.instruments.guard.limits import (
    DeviceGuard,
    GuardContext,
    OutputsOn,
    WirePath,
    WorstCase,
    require_in_range,
    worst_case_of_voltage,
)
from tsbench.instruments.guard.oscilloscope import GuardedOscilloscope
from tsbench.instruments.guard.source_meter import GuardedSourceMeter
from tsbench.instruments.keithley_2450 import data_sheet as k2450
from tsbench.instruments.keysight_33500 import data_sheet as keysight_33500_data
from tsbench.instruments.keysight_infiniivision import data_sheet as infiniivision_data
from tsbench.instruments.levels import emf_of_level, level_of_emf, levels_to_codes
from tsbench.records import DeviceLimits, Identity


def no_reply(*arguments: Any) -> Any:
    """Act as a message whose reply is lost: it is not known what the instrument has set."""
    raise CommunicationError("no reply")


class Sent:
    """Stands for any driver: notes what reaches it and gives settings back as asked."""

    identity = Identity("Maker", "Model", "1", "1")
    channel = 1

    def __init__(self, capabilities: Any) -> None:
        self.capabilities = capabilities
        self.calls: list[str] = []
        self.source: SourceSettings | None = None

    def __getattr__(self, name: str) -> Any:
        if name == "sense_leads":
            raise AttributeError(name)   # it has none

        def record(*arguments: Any) -> Any:
            self.calls.append(name)
            if name == "configure_source":
                self.source = arguments[0]
            return arguments[0] if len(arguments) == 1 else arguments
        return record


SHORT_PATH, LOAD_PATH = WirePath(52.0), WirePath(5100.0)
LIMITS = DeviceLimits(max_voltage=4.0, max_current=1e-3, max_power=2e-3)
MODEL = keysight_33500_data.MODELS["33622A"]


def source_meter(
    limits: DeviceLimits = LIMITS, path: WirePath = SHORT_PATH, rating: float = 42.0,
) -> tuple[GuardedSourceMeter, Sent]:
    sent = Sent(k2450.CAPABILITIES)
    device = DeviceGuard(limits, "NbO2/W3/D12")
    context = GuardContext("drive (Keithley 2450, USB0::1::INSTR)", path, device, rating=rating)
    return GuardedSourceMeter(sent, context), sent


def generator(limits: DeviceLimits = LIMITS, path: WirePath = LOAD_PATH) -> tuple[GuardedPulseGenerator, Sent]:
    sent = Sent(keysight_33500_data.capabilities(MODEL))
    return GuardedPulseGenerator(sent, GuardContext("pulser (33622A)", path, DeviceGuard(limits, "D1"))), sent


def pulse(base: float = 0.0, amplitude: float = 1.0, width: float = 1e-6) -> Pulse:
    return Pulse(base, amplitude, width, 1e-3, 10e-9, 10e-9)


def test_guards_have_the_capabilities_they_guard() -> None:
    assert isinstance(source_meter()[0], SourceMeter)
    assert isinstance(generator()[0], PulseGenerator)
    scope = GuardedOscilloscope(
        Sent(infiniivision_data.capabilities(infiniivision_data.MODELS["DSO-X 3054T"])),
        GuardContext("scope"),
    )
    assert isinstance(scope, Oscilloscope)


def test_compliance_above_the_device_limit_names_everything() -> None:
    guard, sent = source_meter()
    with pytest.raises(LimitError) as caught:
        guard.configure_source(SourceSettings("voltage", compliance_current=25e-3))
    assert str(caught.value) == (
        "drive (Keithley 2450, USB0::1::INSTR): compliance 25 mA exceeds the device limit "
        "max_current 1 mA of NbO2/W3/D12. Choose a smaller value, or change max_current in [devices.ID.limits] or "
        "[device.limits] of the bench file"
    )
    assert caught.value.exit_code == 3
    assert sent.calls == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    guard, sent = source_meter(DeviceLimits())
    with pytest.raises(LimitError):
        guard.configure_source(SourceSettings("voltage", compliance_current=value))
    with pytest.raises(LimitError):
        guard.configure_measure(MeasureSettings("current", nplc=value))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    with pytest.raises(LimitError):
        guard.set_level(value)
    with pytest.raises(LimitError):
        guard.start_sweep(np.array([0.0, value, 0.1]), 1e-3)
    pulses, heard = generator(DeviceLimits())
    for bad in (pulse(base=value), pulse(amplitude=value), pulse(width=value)):
        with pytest.raises(LimitError):
            pulses.configure_pulse(bad)
    with pytest.raises(LimitError):
        pulses.configure_level(value)
    with pytest.raises(LimitError):
        pulses.load_waveform(ArbitraryWaveform(np.array([0.0] * 40 + [value]), 1e6))
    assert sent.calls == ["configure_source"]
    assert heard.calls == []


def test_every_level_of_a_sweep_is_checked() -> None:
    guard, sent = source_meter()
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4, range=20.0))   # a change overshoots
    levels = np.linspace(0, 1, 101)
    levels[57] = -4.2
    with pytest.raises(LimitError, match=r"the voltage at the device may reach 4\.2 V, but max_voltage"):
        guard.start_sweep(levels, 1e-3)
    assert "start_sweep" not in sent.calls
    guard.start_sweep(np.linspace(-3.9, 3.9, 50), 1e-3)
    assert sent.calls[-1] == "start_sweep"


def test_no_level_without_compliance_and_no_output_without_level() -> None:
    guard, sent = source_meter()
    with pytest.raises(LimitError, match="no compliance is set"):
        guard.set_level(0.1)
    with pytest.raises(LimitError, match="no compliance is set"):
        guard.set_output(True)
    pulses, heard = generator()
    with pytest.raises(LimitError, match="no level is set"):
        pulses.set_output(True)
    assert sent.calls == heard.calls == []


def test_switching_off_always_passes() -> None:
    guard, sent = source_meter()
    pulses, heard = generator()
    for act in (guard, pulses):
        act.set_output(False)
        act.abort()
        act.safe_state()
    assert sent.calls == heard.calls == ["set_output", "abort", "safe_state"]


def test_current_drive_checks_current_and_compliance_voltage() -> None:
    guard, _ = source_meter()
    with pytest.raises(LimitError, match=r"compliance 5 V exceeds the device limit max_voltage 4 V"):
        guard.configure_source(SourceSettings("current", compliance_voltage=5.0))
    guard.configure_source(SourceSettings("current", compliance_voltage=1.5))
    with pytest.raises(LimitError, match=r"current through a shorted device may reach 2 mA"):
        guard.set_level(2e-3)
    power, _ = source_meter(DeviceLimits(max_power=1e-3))
    power.configure_source(SourceSettings("current", compliance_voltage=3.0))
    with pytest.raises(LimitError, match=r"1\.5 mW, but max_power of NbO2/W3/D12 is 1 mW"):
        power.set_level(0.5e-3)


def test_raising_the_compliance_under_a_standing_level_is_checked() -> None:
    guard, _ = source_meter(DeviceLimits(max_power=1e-3), WirePath(0.0))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    guard.set_level(5.0)
    with pytest.raises(LimitError, match="max_power"):
        guard.configure_source(SourceSettings("voltage", compliance_current=1e-2))


def test_generator_levels_count_as_the_voltage_of_the_open_circuit() -> None:
    guard, sent = generator(DeviceLimits(max_voltage=4.0))
    guard.configure_load(50.0)
    with pytest.raises(LimitError, match=r"with this pulse top, the voltage at the device may reach 5 V, but"):
        guard.configure_pulse(pulse(amplitude=2.5))  # 2.5 V into 50 Ohm is 5 V on a device that is off
    guard.configure_pulse(pulse(amplitude=1.9))
    guard.configure_load(math.inf)
    guard.configure_pulse(pulse(amplitude=3.9))
    with pytest.raises(LimitError, match="pulse base"):
        guard.configure_pulse(pulse(base=-4.5, amplitude=5.0))
    guard.set_output(True)
    assert sent.calls == [
        "configure_load",
        "configure_pulse",
        "configure_load",
        "configure_pulse",
        "set_output",
    ]


def test_generator_current_is_what_a_shorted_device_would_draw() -> None:
    guard, _ = generator(DeviceLimits(max_current=1e-3), WirePath(102.0))
    guard.configure_load(math.inf)
    with pytest.raises(LimitError, match=r"current through a shorted device may reach 9\.804 mA"):
        guard.configure_level(1.0)
    guard.configure_level(0.1)


def test_waveform_energy_and_charge_per_event() -> None:
    limits = DeviceLimits(max_charge=1e-9, max_energy=1e-9)
    guard, _ = generator(limits, WirePath(1000.0))
    guard.configure_load(math.inf)
    guard.configure_pulse(pulse(amplitude=1.0, width=0.5e-6))
    with pytest.raises(LimitError, match=r"the charge through the device may reach 10\.01 nC"):
        guard.configure_pulse(pulse(amplitude=1.0, width=10e-6))
    with pytest.raises(LimitError, match="max_charge"):
        guard.load_waveform(ArbitraryWaveform(np.ones(1000), 1e6))


def test_own_level_limits_of_the_generator_are_kept() -> None:
    guard, _ = generator(DeviceLimits())
    guard.configure_load(math.inf)
    guard.configure_level_limits(0.0, 1.0)
    guard.configure_level(0.9)
    with pytest.raises(LimitError, match="outside"):
        guard.configure_level(1.1)


def test_scope_settings() -> None:
    capabilities = infiniivision_data.capabilities(infiniivision_data.MODELS["DSO-X 3052T"])
    scope = GuardedOscilloscope(Sent(capabilities), GuardContext("scope"))
    scope.configure_channel(2, Vertical(4.0))
    with pytest.raises(LimitError, match="channel 3"):
        scope.configure_channel(3, Vertical(4.0))
    with pytest.raises(LimitError, match="range 1 kV"):
        scope.configure_channel(1, Vertical(1000.0))
    with pytest.raises(LimitError):
        scope.configure_timebase(Timebase(math.nan))
    with pytest.raises(LimitError, match="segments"):
        scope.configure_timebase(Timebase(1e-3, segments=5000))


def test_without_device_limits_the_instrument_still_has_its_own() -> None:
    guard, _ = source_meter(DeviceLimits(), rating=1000.0)
    guard.configure_source(SourceSettings("voltage", compliance_current=1.0))
    guard.set_level(200.0)
    with pytest.raises(
        LimitError, match=r"source voltage 300 V is outside the instrument's range -210 V to 210 V"
    ):
        guard.set_level(300.0)


@given(
    emf=st.floats(-10, 10),
    resistance=st.floats(1, 1e6),
    compliance=st.floats(1e-9, 1),
    device=st.floats(1e-3, 1e9),
)
def test_no_device_sees_more_than_the_worst_case(
    emf: float, resistance: float, compliance: float, device: float,
) -> None:
    worst = worst_case_of_voltage(emf, WirePath(resistance), compliance)
    current = min(abs(emf) / (resistance + device), compliance)
    voltage = current * device
    assert voltage <= worst.voltage * (1 + 1e-9) + 1e-15
    assert current <= worst.current * (1 + 1e-9)
    assert current * voltage <= worst.power * (1 + 1e-9) + 1e-15


def test_a_loaded_node_halves_the_voltage() -> None:
    worst = worst_case_of_voltage(2.0, WirePath(resistance=100.0, gain=0.5))
    assert worst.voltage == pytest.approx(1.0)
    assert worst.current == pytest.approx(20e-3)


@given(st.floats(-10, 10), st.one_of(st.floats(1, 1e5), st.just(math.inf)))
def test_levels_and_emf_are_inverse(level: float, load: float) -> None:
    assert level_of_emf(emf_of_level(level, load), load) == pytest.approx(level, abs=1e-12)
    assert emf_of_level(1.0, 50.0) == 2.0


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=50))
def test_dac_codes_give_the_levels_back(levels: list[float]) -> None:
    dac = levels_to_codes(np.array(levels), 1e-3)
    back = dac.offset + dac.codes / 32767 * dac.amplitude / 2
    assert np.max(np.abs(back - np.array(levels))) <= dac.amplitude / 2 / 32767 + 1e-12


def test_range_message() -> None:
    with pytest.raises(
        LimitError, match=r"x: width 1 ns is outside the instrument's range 5 ns to 1 s. Choose"
    ):
        require_in_range("x", "width", 1e-9, Range(5e-9, 1.0, "s"))
    with pytest.raises(LimitError):  # the slack of one bound is not that of the other
        require_in_range("x", "width", 4.99e-9, Range(5e-9, 1e6, "s"))


def test_currents_of_outputs_that_are_on_together_add_up() -> None:
    outputs = OutputsOn()
    device = DeviceGuard(DeviceLimits(max_current=1e-3), "D1")
    is_on = True

    class Switched(Sent):
        def output_states(self) -> list[OutputState]:
            return [OutputState("any", is_on)]

    meter = GuardedSourceMeter(
        Switched(k2450.CAPABILITIES), GuardContext("drive", SHORT_PATH, device, "source_meter", outputs)
    )
    driver = Switched(keysight_33500_data.capabilities(MODEL))
    pulses = GuardedPulseGenerator(driver, GuardContext("pulser", LOAD_PATH, device, "generator.1", outputs))
    pulses.configure_load(math.inf)
    pulses.configure_level(3.0)  # 0.6 mA through 5.1 kOhm
    pulses.set_output(True)
    meter.configure_source(SourceSettings("voltage", compliance_current=0.5e-3))
    meter.set_level(1.0)
    with pytest.raises(LimitError, match=r"other outputs are on \(generator\.1\)\. All outputs together could "
                                         r"drive 1\.088 mA through a shorted device, but max_current of"):
        meter.set_output(True)
    with pytest.raises(LimitError, match="All outputs together"):
        meter.start_sweep(np.array([0.1]), 1e-3)
    is_on = False  # something else switched it off: the guard asks before it refuses
    meter.set_output(True)
    is_on = True
    pulses.configure_level(3.0)
    with pytest.raises(LimitError, match=r"other outputs are on \(source_meter\)\. All"):
        pulses.set_output(True)
    meter.set_output(False)
    pulses.set_output(True)
    pulses.configure_level(5.0)
    with pytest.raises(LimitError, match="max_current of D1 is 1 mA"):
        pulses.configure_level(5.5)
    pulses.safe_state()
    meter.set_output(True)


class Moving(Sent):
    """A source meter that moves its limit with a range, and says so."""

    moved = 5e-3

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        assert self.source is not None
        self.source = self.source.read_back(self.moved, self.source.range)
        raise InstrumentError("the instrument has changed the compliance")

    set_level = configure_measure  # type: ignore[assignment]


@pytest.mark.parametrize("how", ["measuring range", "source range"])
def test_only_a_limit_that_was_read_back_is_believed(how: str) -> None:
    driver = Moving(k2450.CAPABILITIES)
    guard = GuardedSourceMeter(driver, GuardContext("drive", SHORT_PATH, DeviceGuard(LIMITS, "D1")))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    with pytest.raises(InstrumentError, match="changed the compliance"):
        if how == "measuring range":
            guard.configure_measure(MeasureSettings("current", range=1.0))
        else:
            guard.set_level(1.0)
    with pytest.raises(LimitError, match="5 mA exceeds the device limit max_current 1 mA"):
        guard.set_output(True)
    assert "set_output" not in driver.calls
    with pytest.raises(LimitError, match="max_current"):
        guard.start_sweep(np.array([0.0, 1.0]), 1e-3)


def test_compliance_raised_after_a_sweep_counts_its_farthest_level() -> None:
    guard, _ = source_meter(DeviceLimits(max_power=1e-3), WirePath(0.0))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    guard.start_sweep(np.array([0.0, 9.0, 0.0]), 1e-3)  # stopped somewhere, it may stand at 9 V
    with pytest.raises(LimitError, match="max_power"):
        guard.configure_source(SourceSettings("voltage", compliance_current=2e-4))
    guard.set_level(0.1)
    guard.configure_source(SourceSettings("voltage", compliance_current=2e-4))


@pytest.mark.parametrize(("before", "lost_level"), [(9.0, 0.1), (0.1, 9.0)])
def test_where_a_message_failed_the_old_and_the_new_level_count(before: float, lost_level: float) -> None:
    guard, sent = source_meter(DeviceLimits(max_power=1e-3), WirePath(0.0))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    guard.set_level(before)
    sent.set_level = no_reply  # type: ignore[method-assign]
    with pytest.raises(CommunicationError):
        guard.set_level(lost_level)
    with pytest.raises(LimitError, match="max_power"):
        guard.configure_source(SourceSettings("voltage", compliance_current=2e-4))


def test_the_level_before_a_list_may_still_stand_there() -> None:
    guard, _ = source_meter(DeviceLimits(max_power=1e-3), WirePath(0.0))
    guard.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    guard.set_level(9.0)
    guard.set_output(True)
    guard.start_sweep(np.array([0.0, 0.1]), 1e-3)
    with pytest.raises(LimitError, match="max_power"):
        guard.configure_source(SourceSettings("voltage", compliance_current=2e-4))


def test_a_level_of_a_generator_that_may_have_been_set_counts() -> None:
    guard, sent = generator(DeviceLimits(max_voltage=4.0))
    guard.configure_level(0.5)
    sent.configure_level = no_reply  # type: ignore[method-assign]
    with pytest.raises(CommunicationError):
        guard.configure_level(1.5)
    guard.context = replace(guard.context, device=DeviceGuard(DeviceLimits(max_voltage=2.0), "D2"))
    with pytest.raises(LimitError, match="with this output on, the voltage at the device may reach"):
        guard.set_output(True)
    del sent.configure_level
    guard.configure_level(0.5)
    guard.set_output(True)
    of_d2, guard.context = guard.context, replace(guard.context, device=DeviceGuard(DeviceLimits(), "D1"))
    guard.configure_level(1.5)
    sent.configure_level = no_reply  # type: ignore[method-assign]
    with pytest.raises(CommunicationError):   # the old level may still be there
        guard.configure_level(0.1)
    guard.context = of_d2
    with pytest.raises(LimitError, match="with this output on, the voltage at the device may reach"):
        guard.set_output(True)


class StaysOn(Sent):
    """A driver whose output is read back as on, whatever happens."""

    def output_states(self) -> list[OutputState]:
        return [OutputState("any", True)]


def test_a_level_that_may_have_been_set_counts_beside_other_outputs() -> None:
    """0.5 V are known, 1.5 V may have been set: 1 V of another source must not come on top of it."""
    outputs, device = OutputsOn(), DeviceGuard(DeviceLimits(max_voltage=2.0))
    sent = StaysOn(keysight_33500_data.capabilities(MODEL))
    pulser = GuardedPulseGenerator(sent, GuardContext("pulser", SHORT_PATH, device, "generator", outputs))
    pulser.configure_load(math.inf)
    pulser.configure_level(0.5)
    pulser.set_output(True)
    drive = GuardedSourceMeter(
        StaysOn(k2450.CAPABILITIES), GuardContext("drive", SHORT_PATH, device, "source_meter", outputs))
    drive.configure_source(SourceSettings("voltage", compliance_current=1e-4))
    drive.set_level(1.0)
    sent.configure_level = no_reply  # type: ignore[method-assign]
    with pytest.raises(CommunicationError):
        pulser.configure_level(1.5)
    with pytest.raises(LimitError, match=r"All outputs together could bring 2\.5 V"):
        drive.set_output(True)
    del sent.configure_level
    pulser.configure_level(0.5)
    drive.set_output(True)


def two_on_one_device(meter: type[StaysOn]) -> tuple[GuardedSourceMeter, GuardedPulseGenerator]:
    """Return a source meter and a generator output on one device of at most 1 mA."""
    outputs, device = OutputsOn(), DeviceGuard(DeviceLimits(max_current=1e-3))
    source = GuardedSourceMeter(
        meter(k2450.CAPABILITIES), GuardContext("drive", SHORT_PATH, device, "source_meter", outputs))
    driver = StaysOn(keysight_33500_data.capabilities(MODEL))
    pulses = GuardedPulseGenerator(driver, GuardContext("pulser", LOAD_PATH, device, "generator.1", outputs))
    pulses.configure_load(math.inf)
    return source, pulses


def test_another_function_opens_the_output_and_leaves_room_for_others() -> None:
    meter, pulses = two_on_one_device(StaysOn)
    pulses.configure_level(3.0)
    meter.configure_source(SourceSettings("voltage", compliance_current=0.5e-3))
    meter.set_level(1.0)
    meter.set_output(True)
    with pytest.raises(LimitError, match=r"other outputs are on \(source_meter\)\. All"):
        pulses.set_output(True)
    meter.configure_source(SourceSettings("current", compliance_voltage=1.0))
    pulses.set_output(True)


class MovingAndOn(Moving, StaysOn):
    moved = 0.6e-3


def test_a_limit_that_moved_counts_beside_the_other_outputs() -> None:
    meter, pulses = two_on_one_device(MovingAndOn)
    pulses.configure_level(2.0)
    meter.configure_source(SourceSettings("voltage", compliance_current=0.3e-3))
    meter._levels = (1.0,)
    meter.set_output(True)
    pulses.set_output(True)  # 0.39 mA beside 0.3 mA
    with pytest.raises(InstrumentError):
        meter.configure_measure(MeasureSettings("current", range=1.0))
    with pytest.raises(LimitError, match=r"other outputs are on \(source_meter\)\. All"):
        pulses.configure_level(2.5)  # 0.49 mA beside 0.6 mA


def test_a_higher_level_of_an_output_that_is_on_counts_for_the_others() -> None:
    meter, pulses = two_on_one_device(StaysOn)
    pulses.configure_level(3.0)
    pulses.set_output(True)
    pulses.configure_level(4.9)  # 0.96 mA
    meter.configure_source(SourceSettings("voltage", compliance_current=0.3e-3))
    meter.set_level(1.0)
    with pytest.raises(LimitError, match=r"other outputs are on \(generator\.1\)\. All"):
        meter.set_output(True)


def test_another_load_drops_the_level_limits() -> None:
    pulses, _ = generator()
    pulses.configure_level_limits(-1.0, 1.0)
    with pytest.raises(LimitError, match="the level limits"):
        pulses.configure_level(1.5)
    pulses.configure_load(math.inf)
    pulses.configure_level(1.5)


def test_limits_are_of_the_magnitude_and_energy_adds_up() -> None:
    guard = DeviceGuard(DeviceLimits(max_voltage=1.0, max_energy=1e-9))
    with pytest.raises(LimitError, match="max_voltage"):
        guard.require("drive", "level", -1.5, "max_voltage")
    guard.require_worst_case("pulser", "pulse", WorstCase(0.5, 1e-3, 1e-3), duration=1e-6)
    with pytest.raises(LimitError, match="the energy in the device may reach 2 nJ, but"):
        guard.require_worst_case("pulser", "pulse", WorstCase(0.5, 1e-3, 1e-3), duration=2e-6)


def test_a_message_has_enough_digits_to_tell_value_and_limit_apart() -> None:
    guard = DeviceGuard(DeviceLimits(max_voltage=2.0), "D1")
    with pytest.raises(LimitError, match=r"may reach 2\.00004 V, but max_voltage of D1 is 2 V"):
        guard.require("drive", "the voltage at the device", 2.00004, "max_voltage", "pulse top")
