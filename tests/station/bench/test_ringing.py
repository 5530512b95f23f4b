"""A coil in series with a pulse generator rings with the capacitance across the device."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lsim

from tsbench.errors import LimitError
from tsbench.netlist import parse_netlist
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.ringing import ringing
from tsbench.station.runner.planning import checked_plan

NETLIST = "R1 gen nl 2\nL1 nl dut 1u\nC1 dut 0 80p\nR_load bias dut 5k\nXDUT dut low device\nR_shunt low 0 50"
TERMINALS = ("gen", "bias")


@pytest.mark.parametrize("resistance", [10.0, 52.0, 150.0])
@pytest.mark.parametrize("edge", [0.0, 5e-9, 30e-9, 100e-9, 500e-9])
def test_the_overshoot_bounds_that_of_the_circuit(resistance: float, edge: float) -> None:
    """Beside a simulation of the series circuit by SciPy, whose step has a straight edge."""
    (found,) = ringing(parse_netlist(NETLIST, TERMINALS), "gen", resistance)
    length = edge / 0.8
    time = np.linspace(0.0, length + 2e-6, 40_001)
    level = np.interp(time, [0.0, max(length, 1e-12)], [0.0, 1.0])
    _, volts, _ = lsim(([1.0], [1e-6 * 80e-12, resistance * 80e-12, 1.0]), level, time)
    true = float(volts.max()) - 1.0
    assert true - 2e-3 <= found.beyond(edge) <= 2.1 * max(true, 0.0) + 0.05
    assert found.frequency == pytest.approx(1.0 / (2.0 * math.pi * math.sqrt(80e-18)), rel=1e-9)


@pytest.mark.parametrize(("netlist", "node"), [
    (NETLIST.replace("R1 gen nl 2\nL1 nl dut 1u", "R1 gen dut 2"), "gen"),   # no coil
    (NETLIST, "bias"),   # the coil is not between this source and the device
    (NETLIST.replace("C1 dut 0 80p\n", ""), "gen"),   # nothing to ring with
])
def test_what_does_not_ring(netlist: str, node: str) -> None:
    assert list(ringing(parse_netlist(netlist, TERMINALS), node, 50.0)) == []


def test_much_resistance_damps() -> None:
    (found,) = ringing(parse_netlist(NETLIST, TERMINALS), "gen", 300.0)
    assert found.damping > 1.0 and found.beyond(0.0) == 0.0


def test_a_pulse_that_rings_beyond_the_limit_is_refused(nbo2_bench: Path) -> None:
    """It was once sent: 1.81 V were at a device with a limit of 1.5 V."""
    text = nbo2_bench.read_text("utf-8")
    wire = next(line for line in text.splitlines() if line.split()[:1] == ["R_pulse"])
    _, node, device, ohms = wire.split()
    text = text.replace(wire, f"R_pulse {node} nl {ohms}\nL_pulse nl {device} 1u")
    old = next(line for line in text.splitlines() if line.startswith("max_voltage"))
    nbo2_bench.write_text(text.replace(old, 'max_voltage = "1.5 V"'), "utf-8")
    pulses = protocol_named("pulse_train")
    with Bench.open(nbo2_bench, "D1") as bench:
        with pytest.raises(LimitError, match=r"L_pulse \(1 uH\) rings .* may reach 2\.0\d V .* max_voltage is 1\.50 V"):
            checked_plan(bench, pulses.model_validate({"amplitude": [1.4]}))
        checked_plan(bench, pulses.model_validate({"amplitude": [1.4], "rise_time": 1e-6, "fall_time": 1e-6,
                                                   "width": 10e-6, "period": 100e-6}))
        checked_plan(bench, pulses.model_validate({"amplitude": [0.9]}))
        checked_plan(bench, protocol_named("iv_sweep").model_validate({"stop": 1.4, "step": 0.1, "compliance": 1e-3}))
