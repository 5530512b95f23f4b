"""The integrator's order of convergence, of its steps and of its dense output."""

import numpy as np
import pytest

from benchmarks.kept_segments import KeptSegments
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit

RC_DRIVEN_BY_A_SINE = "V1 in 0 SIN(0 1 1meg)\nR1 in out 1k\nC1 out 0 100p"
HEATING_FILM = "V1 in 0 SIN(0.9 0.1 1meg)\nR1 in out 3k\nC1 out 0 20p\nX1 out low nbo2\nR2 low 0 50\n"


def run(netlist: str, step: float, stop: float, start: float, rtol: float = 1e9) -> tuple[KeptSegments, float]:
    """Integrate with (almost) constant steps from ``start`` on: a huge tolerance leaves only the largest step."""
    circuit = build_circuit(parse_netlist(netlist), rtol=rtol, largest_step=step)
    keep = KeptSegments(circuit)
    circuit.advance(stop, skip=False)
    return keep, circuit.voltage("out")


def rc_exact(t: np.ndarray) -> np.ndarray:
    w, tau = 2 * np.pi * 1e6, 1e3 * 100e-12
    a = 1 / (1 + (w * tau) ** 2)
    return a * (np.sin(w * t) - w * tau * np.cos(w * t) + w * tau * np.exp(-t / tau))


def test_order_on_a_linear_circuit() -> None:
    times = np.linspace(0.5e-6, 2e-6, 4001)
    errors = [abs(run(RC_DRIVEN_BY_A_SINE, h, 2e-6, 0.0)[0].voltage("out", times) - rc_exact(times)).max()
              for h in (80e-9, 40e-9, 20e-9, 10e-9)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    print("linear circuit: errors", errors, "orders", orders)
    assert orders[-1] > 3.7
    assert errors[-1] < 1e-5


def test_order_on_a_heating_film_behind_an_algebraic_equation() -> None:
    times = np.linspace(0.5e-6, 2e-6, 2001)
    exact = run(HEATING_FILM, 1.0, 2e-6, 0.0, rtol=1e-11)[0].voltage("out", times)
    errors = [abs(run(HEATING_FILM, h, 2e-6, 0.0)[0].voltage("out", times) - exact).max()
              for h in (16e-9, 8e-9, 4e-9, 2e-9)]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    print("heating film: errors", errors, "orders", orders)
    assert orders[-1] > 3.0   # order reduction of stiff problems is allowed for, dense output has order 3
    assert errors[-1] < 1e-6


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_error_follows_the_tolerance(rtol: float) -> None:
    times = np.linspace(0.0, 2e-6, 2001)
    keep, _ = run(RC_DRIVEN_BY_A_SINE, 1.0, 2e-6, 0.0, rtol=rtol)
    error = abs(keep.voltage("out", times) - rc_exact(times)).max()
    print(f"rtol {rtol:g}: error {error:.2e} V")
    assert error < 100 * rtol
