"""Behind a capacitor, the device sees how far a level is from those before it: the guard compares this difference."""

import contextlib
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.instruments.test_guard_of_pulses import unit
from tests.instruments.test_limits import MODEL, Sent, no_reply, pulse
from tsbench.errors import CommunicationError, LimitError
from tsbench.instruments import OutputState, Pulse, Segment, SegmentTrain, SourcePulses, SourceSettings
from tsbench.instruments.fixture import admittance_of, path_of, with_short, worst_path_of
from tsbench.instruments.guard.coupling import farthest_emf
from tsbench.instruments.guard.generator import GuardedPulseGenerator
from tsbench.instruments.guard.guarded_source import GuardedSource, discharge
from tsbench.instruments.guard.limits import DeviceGuard, GuardContext, OutputsOn, WirePath
from tsbench.instruments.guard.pulse_measure import GuardedPulseMeasure
from tsbench.instruments.guard.source_meter import GuardedSourceMeter
from tsbench.instruments.keithley_2450 import data_sheet as k2450
from tsbench.instruments.keithley_2600 import data_sheet as k2602b
from tsbench.instruments.keysight_33500 import data_sheet as keysight_33500_data
from tsbench.netlist import parse_netlist
from tsbench.records import DeviceLimits

BEHIND = WirePath(100.0, coupled=True)
LIMITS = DeviceGuard(DeviceLimits(max_voltage=1.6), "D1")
SAID = (r"the voltage at the device may reach 3 V, but max_voltage of D1 is 1.6 V. .*A capacitor is in series with the "
        "device. It may hold 0 V or any level that was on before, so the difference between the levels counts")


def generator(path: WirePath = BEHIND) -> tuple[GuardedPulseGenerator, Sent]:
    sent = Sent(keysight_33500_data.capabilities(MODEL))
    guard = GuardedPulseGenerator(sent, GuardContext("pulser", path, LIMITS))
    guard.configure_load(math.inf)
    return guard, sent


def of(base: float, amplitude: float) -> Pulse:
    return pulse(base=base, amplitude=amplitude)


@pytest.mark.parametrize(("levels", "direct", "behind"), [
    ((), 0.0, 0.0), ((1.0, 2.0), 2.0, 2.0), ((-1.0, 0.5), 1.0, 1.5), ((-2.0, -1.0), 2.0, 2.0)])
def test_the_farthest_emf(levels: tuple[float, ...], direct: float, behind: float) -> None:
    assert farthest_emf(levels, WirePath()) == direct
    assert farthest_emf(levels, BEHIND) == behind


@pytest.mark.parametrize(("levels", "held", "expected"), [
    ((2.0, -2.0), (0.0, 0.0), 2.5), ((2.0,), (-2.0, 0.0), 2.5), ((0.5,), (0.0, 2.0), 0.5), ((-0.5,), (0.0, 2.0), 1.0)])
def test_a_capacitor_beside_a_resistor_holds_a_share(
    levels: tuple[float, ...], held: tuple[float, float], expected: float,
) -> None:
    assert farthest_emf(levels, WirePath(100.0, coupled=True, share=0.25, held=held)) == pytest.approx(expected)


def test_a_cable_beside_a_shunt_is_no_coupling_for_a_source_meter() -> None:
    """120 pF and 1 kOhm: 120 ns. A pulse is faster, but before it, the capacitor has what the shunt has: a sixth."""
    netlist = parse_netlist("R_p g dut 4.95k\nR_s s dut 2\nXDUT dut low device\nR_sh low 0 1k\nC_sh low 0 120p\n", "gs")
    assert worst_path_of(netlist, "s", 0.0, ("g",), slow=True) == WirePath(1002.0)
    pulses = worst_path_of(netlist, "g", 50.0, ())
    assert pulses.coupled and pulses.share == pytest.approx(1 / 6)
    assert farthest_emf((-2.0, 2.0), pulses) == pytest.approx(2.333, abs=1e-3)


@pytest.mark.parametrize(("wires", "gain", "share", "at_device"), [
    ("R_t g 0 50\nC_c g dut 1u\n", 0.5, 1.0, 2.0),                            # -1 V stay, and +1 V come: a terminator
    ("R_a g m 450\nR_b m 0 50\nC_c m dut 1u\n", 1 / 11, 1.0, 4 / 11),        # an attenuator before the capacitor
    ("C_c g dut 1u\nR_l dut 0 50\n", 0.5, 1.0, 2.0),                          # all of 2 V stay, the load halves it
    ("R_p g dut 1k\nC_c g dut 1u\nR_l dut 0 100\n", 2 / 3, 12 / 13, 100 / 39),   # it discharges
    ("C_c g m 1u\nR_l m 0 1k\nC_d m dut 1u\n", 1 / 1.05, 1.0, 4 / 1.05),      # two in series
    ("R_c g m 1k\nC_c g m 1u\nR_d m dut 1k\nC_d m dut 1u\n", 1.0, 1 / 1.05, 2 + 2 / 1.05),   # each holds half
    ("XQ g m diode\nC_c m dut 1u\n", 1.0, 1.0, 4.0),                          # it may be charged through the diode
])
def test_a_divider_beside_the_capacitor_counts_once(wires: str, gain: float, share: float, at_device: float) -> None:
    """What stays on the capacitor comes to the device without the divider before it: 2 V after -2 V."""
    path = worst_path_of(parse_netlist(f"{wires}XDUT dut low device\nR_sh low 0 50\n", "g"), "g", 50.0, ())
    assert path.coupled and path.gain == pytest.approx(gain)
    assert path.share == pytest.approx(share, abs=2e-5)
    assert path.gain * farthest_emf((-2.0, 2.0), path) == pytest.approx(at_device, rel=1e-4)


def test_what_another_source_left_at_the_device_is_not_divided() -> None:
    path = WirePath(150.0, gain=0.5, coupled=True, share=0.5, left=1.0)
    assert path.gain * farthest_emf((2.0,), path) == pytest.approx(2.0)


def test_a_cable_beside_a_shunt_leads_no_current_of_a_source_meter_through_the_load() -> None:
    """500 pF at a shunt of 10 kOhm: its level has settled before the capacitor would matter."""
    netlist = parse_netlist("R_load smu top 10k\nXDUT top low device\nR_sh low 0 10k\nC_low low 0 500p\n", ["smu"])
    assert 1 / admittance_of(netlist, "smu", 0.0, "R_load", slow=True) == pytest.approx(20e3)
    assert 1 / admittance_of(netlist, "smu", 0.0, "R_load") == pytest.approx(10e3)


def test_base_and_top_of_a_pulse_count_together() -> None:
    direct, _ = generator(WirePath(100.0))
    direct.configure_pulse(of(-1.5, 3.0))
    guard, sent = generator()
    sent.calls.clear()
    with pytest.raises(LimitError, match=SAID):
        guard.configure_pulse(of(-1.5, 3.0))
    assert not sent.calls
    guard.configure_pulse(of(0.0, 1.5))
    guard.configure_pulse(of(0.0, -1.5))   # the one before was never on


@pytest.mark.parametrize("act", [
    lambda guard: guard.configure_level(-1.5), lambda guard: guard.configure_pulse(of(0.0, -1.5)),
    lambda guard: (guard.set_output(False), guard.configure_level(-1.5)),
    lambda guard: (guard.configure_level(0.0), guard.configure_level(-1.5)),
])
def test_levels_that_were_on_count(act: Callable[[GuardedPulseGenerator], object]) -> None:
    guard, _ = generator()
    guard.configure_level(1.5)
    guard.set_output(True)
    with pytest.raises(LimitError, match=SAID):
        act(guard)
    guard.configure_level(0.5)


def test_a_level_counts_that_was_left_while_the_output_was_on() -> None:
    guard, _ = generator()
    guard.configure_level(-1.5)
    guard.set_output(True)
    guard.configure_level(-0.1)
    guard.set_output(False)
    with pytest.raises(LimitError, match=r"with this level, the voltage at the device may reach 1.7 V"):
        guard.configure_level(0.2)


def behind(kind: type[GuardedSource], driver: Sent) -> Any:
    return kind(driver, GuardContext("source", BEHIND, LIMITS))


def a_generator() -> Any:
    found = behind(GuardedPulseGenerator, Sent(keysight_33500_data.capabilities(MODEL)))
    found.configure_load(math.inf)
    return found


def a_source_meter() -> Any:
    found = behind(GuardedSourceMeter, Sent(k2450.CAPABILITIES))
    found.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    return found


def a_pulser() -> Any:
    return behind(GuardedPulseMeasure, unit()[1])


def train_to(level: float) -> SegmentTrain:
    return SegmentTrain(0.0, (Segment(level, 1e-6), Segment(0.0, 1e-6)), 1e-7)


SETTING: list[tuple[Callable[[], Any], Callable[[Any, float], object]]] = [
    (a_generator, lambda one, level: one.configure_level(level)),
    (a_source_meter, lambda one, level: one.set_level(level)),
    (a_pulser, lambda one, level: one.configure_train(train_to(level)))]


@pytest.mark.parametrize(("make", "set_to"), SETTING)
def test_a_level_that_was_set_while_the_output_was_on_is_not_forgotten(
    make: Callable[[], Any], set_to: Callable[[Any, float], object],
) -> None:
    source = make()
    set_to(source, 0.1)
    source.set_output(True)
    for level in (-1.4, 0.1):
        set_to(source, level)
    with pytest.raises(LimitError, match=r"may reach 2\.9 V"):
        set_to(source, 1.5)
    set_to(source, 0.2)


@pytest.mark.parametrize(("make", "set_to"), SETTING)
def test_a_level_counts_whose_message_failed(
    make: Callable[[], Any], set_to: Callable[[Any, float], object],
) -> None:
    """The reply is lost: the level of the message may stand at the terminals."""
    source = make()
    set_to(source, 0.1)
    source.set_output(True)
    lost = {a_generator: "configure_level", a_source_meter: "set_level", a_pulser: "configure_train"}[make]
    setattr(source.driver, lost, no_reply)
    with pytest.raises(CommunicationError):
        set_to(source, -1.4)
    delattr(source.driver, lost)
    with pytest.raises(LimitError, match=r"may reach 2\.9 V"):
        set_to(source, 1.5)


def test_the_levels_of_a_list_are_not_forgotten() -> None:
    meter = a_source_meter()
    meter.start_sweep(np.array([0.0, -1.4]), 1e-3)
    meter.set_output(False)
    with pytest.raises(LimitError, match=r"may reach 2\.9 V"):
        meter.set_level(1.5)


@pytest.mark.parametrize(("make", "set_to"), SETTING)
def test_what_can_be_touched_counts_as_the_difference(
    make: Callable[[], Any], set_to: Callable[[Any, float], object],
) -> None:
    """From 0.8 V to -0.8 V, the fixture behind the capacitor sees 1.6 V."""
    source = make()
    source.context = replace(source.context, device=DeviceGuard(DeviceLimits(), "D1"), rating=1.5)
    set_to(source, 0.8)
    source.set_output(True)
    with pytest.raises(LimitError, match=r"may reach 1\.6 V"):
        set_to(source, -0.8)
    set_to(source, -0.6)


def test_the_largest_of_several_currents_counts() -> None:
    """A list of currents behind a capacitor: 1 mA counts, also where the last current is small."""
    limits = DeviceGuard(DeviceLimits(max_current=0.9e-3), "D1")
    guard = GuardedSourceMeter(Sent(k2450.CAPABILITIES), GuardContext("drive", BEHIND, limits))
    guard.configure_source(SourceSettings("current", compliance_voltage=5.0, range=1e-3))
    with pytest.raises(LimitError, match="the current through a shorted device may reach 1 mA"):
        guard.start_sweep(np.array([1e-3, 1e-6]), 1e-3)


def test_charge_and_energy_of_a_pulse_count_from_its_base() -> None:
    """From -1 V to 1 V, the device sees 2 V: 20 uC in 1 ms through 100 Ohm."""
    limits = DeviceGuard(DeviceLimits(max_charge=15e-6), "D1")
    for path, said in ((BEHIND, "the charge through the device may reach 20 uC"), (WirePath(100.0), "")):
        guard = GuardedSourceMeter(Sent(k2602b.MODELS["2602B"].capabilities), GuardContext("drive", path, limits))
        guard.configure_source(SourceSettings("voltage", compliance_current=0.1, range=6.0))
        pulses = SourcePulses(base=-1.0, levels=np.array([1.0]), width=1e-3, period=2e-3)
        with pytest.raises(LimitError, match=said) if said else contextlib.nullcontext():
            guard.start_pulses(pulses)


@pytest.mark.parametrize(("make", "set_to"), SETTING)
def test_held_levels_count_beside_other_outputs(
    make: Callable[[], Any], set_to: Callable[[Any, float], object],
) -> None:
    """-1 V was on, 0.1 V is: 1.1 V may be at the device, and 0.6 V of another source come on top."""
    source = make()
    set_to(source, -1.0)
    source.set_output(True)
    set_to(source, 0.1)
    source.driver.output_states = lambda: [OutputState("one", True)]
    other = GuardedSourceMeter(
        Switched(k2450.CAPABILITIES), GuardContext("other", WirePath(1e3), LIMITS, "other", source.context.outputs))
    other.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    other.set_level(0.4)
    other.set_output(True)
    with pytest.raises(LimitError, match=r"bring 1\.7 V to the device"):
        other.set_level(0.6)


def test_levels_of_a_source_meter_and_of_a_train() -> None:
    meter = GuardedSourceMeter(Sent(k2450.CAPABILITIES), GuardContext("drive", BEHIND, LIMITS))
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
    meter.set_level(1.5)
    meter.set_output(True)
    with pytest.raises(LimitError, match=SAID):
        meter.set_level(-1.5)
    pulser = GuardedPulseMeasure(unit()[1], GuardContext("pulser", BEHIND, LIMITS))
    with pytest.raises(LimitError, match=SAID):
        pulser.configure_train(SegmentTrain(-1.5, (Segment(1.5, 1e-6), Segment(-1.5, 1e-6)), 1e-7))
    pulser.configure_train(SegmentTrain(0.0, (Segment(1.5, 1e-6), Segment(0.0, 1e-6)), 1e-7))
    pulser.set_output(True)
    with pytest.raises(LimitError, match=SAID):
        pulser.configure_train(SegmentTrain(0.0, (Segment(-1.5, 1e-6), Segment(0.0, 1e-6)), 1e-7))


class Switched(Sent):
    """Reads back as on or off, as it was set."""

    enabled = False

    def set_output(self, enabled: bool) -> None:
        self.enabled = enabled

    def output_states(self) -> list[OutputState]:
        return [OutputState("one", self.enabled)]


def test_the_voltage_of_a_current_source_is_within_its_compliance() -> None:
    meter = GuardedSourceMeter(Sent(k2450.CAPABILITIES), GuardContext("drive", BEHIND, LIMITS))
    with pytest.raises(LimitError, match="may reach 3 V"):
        meter.configure_source(SourceSettings("current", compliance_voltage=1.5, range=1e-3))
        meter.set_level(1e-3)
    meter.configure_source(SourceSettings("current", compliance_voltage=0.8, range=1e-3))
    meter.set_level(1e-3)


def beside_a_source_meter() -> tuple[GuardedSourceMeter, GuardedPulseGenerator]:
    """Return a source meter at the device, and a generator behind the capacitor; the device takes 4 V."""
    outputs, device = OutputsOn(), DeviceGuard(DeviceLimits(max_voltage=4.0), "D1")
    meter = GuardedSourceMeter(
        Switched(k2450.CAPABILITIES), GuardContext("drive", WirePath(1e5), device, "smu", outputs))
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=20.0))
    pulser = GuardedPulseGenerator(
        Switched(keysight_33500_data.capabilities(MODEL)), GuardContext("pulser", BEHIND, device, "gen", outputs))
    pulser.configure_load(math.inf)
    return meter, pulser


def test_what_another_source_left_on_the_capacitor_counts() -> None:
    """3 V of the source meter while the generator held 0 V; both off; then 3 V of the generator come on top."""
    meter, pulser = beside_a_source_meter()
    pulser.configure_level(0.0)
    meter.set_level(3.0)
    meter.set_output(True)
    pulser.set_output(True)
    pulser.configure_level(1.0)   # the sum is allowed: what is on now does not count twice
    with pytest.raises(LimitError, match=r"bring 4\.1 V to the device"):
        pulser.configure_level(1.1)
    for source in (meter, pulser):
        source.set_output(False)
    with pytest.raises(LimitError, match="the voltage at the device may reach 6 V, but max_voltage of D1 is 4 V"):
        pulser.configure_level(3.0)
    discharge([meter, pulser], lambda seconds: None, 1e-6)
    pulser.configure_level(3.0)


def test_a_source_meter_alone_leaves_nothing_on_the_capacitor() -> None:
    """The output of the generator is off: the capacitor is open at one end. A sweep, then pulses, is usual."""
    meter, pulser = beside_a_source_meter()
    meter.set_level(3.0)
    meter.set_output(True)
    meter.set_output(False)
    pulser.configure_level(3.0)
    pulser.set_output(True)


def test_a_generator_alone_cannot_discharge_the_capacitor() -> None:
    _, pulser = beside_a_source_meter()
    pulser.configure_level(3.0)
    pulser.set_output(True)
    pulser.set_output(False)
    discharge([pulser], lambda seconds: None, 1e-6)
    with pytest.raises(LimitError, match="may reach 6 V"):
        pulser.configure_level(-3.0)


COIL = "R_s s a 2\nL_t a dut 1m\nC_t g dut 1u\nXDUT dut low device\nR_sh low 0 50\n"


def test_a_coil_that_leads_nowhere_is_computed() -> None:
    """The coil joins two nodes on which nothing else is: a conductance for it would hide their leak in rounding."""
    netlist = parse_netlist(COIL, ("s", "g"))
    assert path_of(netlist, "g", 50.0) == WirePath(math.inf, 0.0)
    assert worst_path_of(netlist, "g", 50.0, ()) == WirePath(100.0, 1.0, coupled=True)
    assert path_of(with_short(netlist, "C_t"), "g", 50.0) == WirePath(100.0)
    assert worst_path_of(netlist, "s", 0.0, ("g",)) == WirePath(52.0)


@pytest.mark.parametrize(("wires", "resistance", "coupled"), [
    ("R_s g dut 100k\nC_sp g dut 1n", 100.0, True),             # a speed-up capacitor beside the load
    ("R_s g dut 100k\nC_sp g dut 10p", 100.1e3, False),         # the stray capacitance of the load
    ("R_bl g dut 10meg\nC_c g dut 1u\nR_b dut 0 100k", 100.0, True),   # a bleeder beside the coupling capacitor
    ("C_c g dut 500p\nR_b dut 0 100k", 100.0, True),
    ("XM g x dut nmos\nR_x x 0 1meg", 100.0, False),             # a transistor, and no capacitor
    ("R_s g dut 1k\nC_d dut low 1n", 1100.0, False),            # across the device
    ("R_s g dut 1k\nC_d dut 0 1n", 1100.0, False),
    ("R_s g a 1k\nC_1 g b 1n\nC_2 b dut 1n\nR_a a dut 1k\nR_b b 0 1meg", 100.0, True),   # two in series
])
def test_capacitors_that_let_edges_pass(wires: str, resistance: float, coupled: bool) -> None:
    netlist = parse_netlist(f"{wires}\nXDUT dut low device\nR_sh low 0 50\n", ("g",))
    path = worst_path_of(netlist, "g", 50.0, ())
    assert path.coupled is coupled and path.resistance == pytest.approx(resistance, rel=0.01)


@pytest.mark.parametrize(("farads", "coupled"), [("95p", False), ("105p", True)])
@pytest.mark.parametrize("beside", ["R_p m dut 1meg\n", ""])
def test_capacitors_count_from_100_pf_on(farads: str, coupled: bool, beside: str) -> None:
    """Also where the capacitor is the only way to the device."""
    netlist = parse_netlist(f"R_s g m 1k\nC_c m dut {farads}\n{beside}XDUT dut 0 device\n", ("g",))
    path = worst_path_of(netlist, "g", 50.0, ())
    most = 1.00105e6 if beside else math.inf
    assert (path.coupled, path.resistance) == (coupled, pytest.approx(1050.0 if coupled else most))


@pytest.mark.parametrize(("beside", "slow", "coupled"), [
    ("95", False, False), ("105", False, True), ("9.5k", True, False), ("10.5k", True, True)])
def test_capacitors_that_are_charged_within_an_edge_do_not_count(beside: str, slow: bool, coupled: bool) -> None:
    """Of a generator, edges of 100 ns count; of a source meter, of 10 us. 1 nF is charged through what is beside it."""
    netlist = parse_netlist(f"R_s g m 10\nC_c m dut 1n\nR_p m dut {beside}\nXDUT dut 0 device\n", ("g",))
    assert worst_path_of(netlist, "g", 0.0, (), slow).coupled is coupled


@pytest.mark.parametrize("wires", [
    "C_1 m n 1n\nR_1 m n 1meg\nX_q n dut diode\nR_q n dut 1meg\nXDUT dut 0 device",   # a capacitor and a diode
    "C_1 m dut 1n\nR_1 m dut 1meg\nXDUT dut low device\nC_2 low 0 1n\nR_2 low 0 1meg",   # two, one at ground
    "C_1 m n 1n\nR_1 m n 1meg\nC_2 n o 1n\nR_2 n o 1meg\nC_3 o dut 1n\nR_3 o dut 1meg\nXDUT dut 0 device",   # three
])
def test_what_lets_an_edge_pass_does_so_together(wires: str) -> None:
    """Each alone leaves 1 MOhm in the path."""
    netlist = parse_netlist(f"R_s g m 950\n{wires}\n", ("g",))
    path = worst_path_of(netlist, "g", 50.0, ())
    assert path.coupled and path.resistance == pytest.approx(1e3, rel=1e-3)
