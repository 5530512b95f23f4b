"""Every deterministic device in three circuits against ngspice and SciPy's Radau (benchmarks/agreement.py)."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))   # the benchmarks are no package of the installation

from benchmarks.agreement import ORDERS, by_ngspice, by_radau, compare, energy_line, lines, order_line, ours
from benchmarks.agreement_cases import CASES, Case
from benchmarks.agreement_neurons import NEURON_CASES, NeuronCase, neuron_lines
from benchmarks.reference_devices import has_reference
from tsbench.simulated_backends.devices.catalogue import catalogue

QUICK = [case for case in CASES if case.circuit in ("oscillator", "ramp")]
OTHERS = [case for case in CASES if case.circuit == "pulse" and case.device not in ("resistor", "capacitor")
          and has_reference(case.device)]


def name_of(case: Any) -> str:
    return f"{case.device}-{case.circuit}" if isinstance(case, Case) else str(case)


def test_every_deterministic_device_is_in_three_circuits() -> None:
    deterministic = {name for name, entry in catalogue().items() if not entry.model().stochastic}
    for name in deterministic:
        assert len({case.circuit for case in CASES if case.device == name}) >= 3, name


@pytest.mark.thin(18)
@pytest.mark.ngspice
@pytest.mark.parametrize("case", QUICK, ids=name_of)
def test_ngspice_agrees(case: Case) -> None:
    period, voltage = compare(case, ours(case), by_ngspice(case))
    print(f"{name_of(case)}: period {period:+.1e}, voltage {voltage:.1e}")
    assert abs(period) < 1e-3
    assert voltage < 5e-3


@pytest.mark.thin(9)
@pytest.mark.parametrize("case", OTHERS, ids=name_of)
def test_radau_agrees(case: Case) -> None:
    period, voltage = compare(case, ours(case), by_radau(case, rtol=1e-7))
    print(f"{name_of(case)}: switching {period:+.1e}, voltage {voltage:.1e}")
    assert abs(period) < 1e-3
    assert voltage < 5e-3


@pytest.mark.thin(6)
@pytest.mark.ngspice
@pytest.mark.parametrize("case", NEURON_CASES, ids=lambda case: f"{case.name}-{case.stimulus}-{case.node}")
def test_ngspice_agrees_on_neurons_with_a_gate_and_a_comparator(case: NeuronCase) -> None:
    for line in neuron_lines(case):
        print(line)
        assert line.passed, line


def test_energy_balance_over_a_hundred_periods() -> None:
    for case in CASES:
        if case.circuit == "oscillator" and case.device in ("nbo2", "nb2o5"):
            line = energy_line(case, 100)
            print(line)
            assert line.passed


def test_order_of_the_third_order_element() -> None:
    line = order_line(*ORDERS[1])
    print(line)
    assert line.passed


@pytest.mark.soak
@pytest.mark.ngspice
@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_all_of_it(case: Case) -> None:
    assert [line.figure for line in lines(case) if not line.passed] == []
    if case.circuit == "oscillator":
        assert energy_line(case, 1000).passed
