"""Whether a device voltage oscillates, how fast, and what is tried: with waveforms whose frequency is known."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.engine import Constant
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.station.preflight import preflight
from tsbench.station.preflight.preflight import _DeviceWatch, oscillation_zone


def watched(start: float = 0.0, nodes: tuple[str, str] = ("high", "0"), cut: int = 1, **voltages: Any) -> Any:
    """Let a watch see 10 us of node voltages [V] (functions of time [us]), in one or more segments."""
    watch = _DeviceWatch(nodes, start)
    for times in np.array_split(np.linspace(0.0, 10e-6, 2001), cut):
        segment: Any = SimpleNamespace(
            times=times, end=float(times[-1]), voltage=lambda node, at: voltages[node](np.asarray(at) * 1e6))
        watch.observe(segment)
    return watch


def sine(t: Any) -> Any:
    """Return 1 V around 3 V at 2 MHz."""
    return 3.0 + np.sin(4 * math.pi * t)


@pytest.mark.parametrize("cut", [1, 7])
def test_a_sustained_oscillation_has_its_frequency(cut: int) -> None:
    assert watched(high=sine, cut=cut).frequency(0.5) == pytest.approx(2e6, rel=1e-3)
    assert watched(high=sine, cut=cut).frequency(1.99) == pytest.approx(2e6, rel=1e-3)
    assert watched(high=sine, cut=cut).frequency(2.01) is None


def test_what_has_settled_by_then_does_not_oscillate() -> None:
    assert watched(high=lambda t: 3.0 + np.sin(4 * math.pi * t) * (t < 4.9)).frequency(0.1) is None
    late = watched(high=lambda t: 3.0 + np.sin(4 * math.pi * t) * (t > 4.0))
    assert late.frequency(0.1) == pytest.approx(2e6, rel=2e-3)


def test_the_device_voltage_is_that_between_its_nodes() -> None:
    both = watched(nodes=("high", "low"), high=sine, low=sine)
    assert both.frequency(0.1) is None
    opposite = watched(nodes=("high", "low"), high=sine, low=lambda t: -sine(t))
    assert opposite.frequency(3.9) == pytest.approx(2e6, rel=1e-3)
    assert watched(nodes=("0", "high"), high=sine).frequency(0.5) == pytest.approx(2e6, rel=1e-3)


def test_only_the_time_from_the_start_counts() -> None:
    def twice(t: Any) -> Any:
        return np.where(t < 5.0, np.sin(2 * math.pi * t), np.sin(4 * math.pi * t))

    assert watched(5e-6, high=twice).frequency(0.5) == pytest.approx(2e6, rel=1e-3)
    assert watched(5e-6, high=twice, cut=4).frequency(0.5) == pytest.approx(2e6, rel=1e-3)
    assert watched(20e-6, high=sine).frequency(0.5) is None   # nothing was seen
    for end, oscillates in ((7.4, False), (8.0, True)):   # the later half of that time tells whether it has settled
        found = watched(5e-6, high=lambda t, end=end: 3.0 + np.sin(4 * math.pi * t) * (t < end)).frequency(0.5)
        assert (found is not None) is oscillates, end


def test_too_few_rises_are_no_oscillation() -> None:
    def rises(count: int) -> Any:
        return lambda t: -np.cos(2 * math.pi * count * t / 10.0)

    assert watched(high=rises(2)).frequency(0.5) is None
    assert watched(high=rises(3)).frequency(0.5) == pytest.approx(3e5, rel=1e-2)
    watch = _DeviceWatch(("high", "0"), 0.0)
    watch.observe(SimpleNamespace(end=1.0))  # type: ignore[arg-type]   # a segment without steps of its own
    assert watch.frequency(0.0) is None


BENCH = """
[instruments.meter]
resource = "TCPIP0::127.0.0.1::5025::SOCKET"
driver = "keithley_2450"
[instruments.generator]
resource = "TCPIP0::127.0.0.1::5026::SOCKET"
driver = "keysight_33600"
[roles]
drive = "meter"
bias = "generator.2"
[fixture]
netlist = "R1 smu dut 1k\\nR2 gen dut 5k\\nXDUT dut 0 device"
[fixture.terminals]
meter = "smu"
"generator.2" = "gen"
[devices.D1]
material = "NbO2"
"""


def zone(role: str) -> preflight.OscillationZone:
    return preflight.OscillationZone(role, "nbo2", math.inf, 0.0, np.empty(0), np.empty(0))


@pytest.mark.parametrize(("limits", "highest"), [("", 5.0), ("[device.limits]\nmax_voltage = 2.5\n", 2.5)])
def test_each_source_is_asked_with_its_resistance_and_the_limit_of_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: str, highest: float
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(preflight, "oscillation_zone", lambda netlist, *given: asked.append(given) or zone(given[0]))
    path = tmp_path / "b.bench.toml"
    path.write_text(BENCH + limits, "utf-8")
    assert preflight.predict(path, {"drive": 0.0, "bias": 50.0}) == [str(zone("drive")), str(zone("bias"))]
    assert [(role, node, source, most) for role, node, source, _, most, _ in asked] == [
        ("drive", "smu", 0.0, highest), ("bias", "gen", 50.0, highest)]
    assert all(entry.material.lower() == "nbo2" for _, _, _, entry, _, _ in asked)
    assert all(given[-1] is None for given in asked)


def test_a_role_whose_instrument_is_not_in_the_fixture_has_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "oscillation_zone", lambda netlist, role, *given: zone(role))
    path = tmp_path / "b.bench.toml"
    path.write_text(BENCH.replace('meter = "smu"\n', "").replace("R1 smu dut 1k", "R1 dut 0 1k"), "utf-8")
    assert preflight.predict(path, {"drive": 0.0, "bias": 50.0}) == [str(zone("bias"))]


class MadeUpCircuit:
    """A circuit whose device node swings by 20 mV at 4 MHz at half the highest bias, and by less at other biases."""

    made: list["MadeUpCircuit"] = []  # noqa: RUF012  of all of them

    def __init__(self, netlist: Any, devices: Any, sources: Any, loads: Any) -> None:
        self.sources, self.loads, self.watch, self.bias = sources, loads, None, math.nan
        self.until, self.skip = 0.0, True
        self.made.append(self)

    def set_source(self, name: str, waveform: Any) -> None:
        assert name == "bias" and isinstance(waveform, Constant)
        self.bias = waveform.value

    def add_observer(self, watch: Any) -> None:
        self.watch = watch

    def advance(self, until: float, skip: bool) -> None:
        self.until, self.skip = until, skip
        times = np.linspace(0.0, until, 4001)
        swing = 0.0101 if self.bias == 1.0 else 0.0099 * self.bias   # from the middle: 2 % of the bias in all
        self.watch.observe(SimpleNamespace(
            times=times, end=until, voltage=lambda node, at: swing * np.sin(8e6 * math.pi * np.asarray(at))))


@pytest.mark.parametrize(("capacitor", "span"), [("C1 dut 0 80p", 40 * 5050.0 * 80e-12), ("", 2e-6)])
def test_each_bias_is_watched_for_forty_time_constants(
    monkeypatch: pytest.MonkeyPatch, capacitor: str, span: float
) -> None:
    """And for 2 us at least; the first half settles. Other outputs are open, and a swing of 2 % counts."""
    monkeypatch.setattr(MadeUpCircuit, "made", made := [])
    monkeypatch.setattr(preflight, "build_circuit", MadeUpCircuit)
    netlist = parse_netlist(f"R1 gen dut 5k\n{capacitor}\nR2 smu dut 1meg\nXDUT dut 0 device", ["gen", "smu"])
    zone = oscillation_zone(netlist, "bias", "gen", 50.0, catalogue()["nbo2"], 2.0)
    assert [one.bias for one in made] == pytest.approx(np.arange(1, 25) / 12.0)
    for one in made:
        assert one.until == pytest.approx(span, rel=0.01) and not one.skip
        assert one.watch is not None and one.watch._start == pytest.approx(one.until / 2)
        assert one.sources == [("bias", "gen", "bias.r", 50.0)]
        loads = {node: (ohms, volts) for _, node, ohms, volts in one.loads}
        assert loads["smu"] == (1e12, 0.0) and "gen" not in loads
    assert zone.biases == pytest.approx([1.0])
    assert zone.frequencies == pytest.approx([4e6], rel=1e-2)
    oscillation_zone(netlist, "drive", "smu", 0.0, catalogue()["nbo2"], 2.0)
    assert made[-1].sources == [("bias", "smu", "bias.r", 1e-3)]   # a resistor of nothing is none
