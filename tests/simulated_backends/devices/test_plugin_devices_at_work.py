"""Devices of other authors at work, compiled once for all tests here."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices import catalogue as catalogue_module
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.devices_lib import devices_lib
from tsbench.simulated_backends.devices.dispatch import evaluated
from tsbench.simulated_backends.studies.batch import Crossing, one_by_one, run_batch

ROOT = Path(__file__).resolve().parents[3]
TEXTS = {"lab_film_at_work": ("Thermistor", ROOT / "examples" / "plugins" / "lab_thermistor.py"),
         "lab_gate_at_work": ("NoisyGate", ROOT / "tests" / "fixtures" / "lab_noisy_gate.py")}
PULSE = ("V1 in 0 PULSE(0 3 1u 20n 20n 10u 20u)\nR1 in out 2k\nC1 out 0 20p\nX1 out 0 lab_film\n"
         ".tran 10n 12u uic\n.save v(out) i(X1)\n")
GATED = "V1 in 0 1\nVg g 0 0.5\nR1 in out 100\nC1 out 0 1p\nX1 out g 0 lab_gate\n"


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install the film of the examples and a gate with noise."""
    place = tmp_path_factory.mktemp("site")
    for module, (entry, file) in TEXTS.items():
        facts = place / f"{module}-1.2.dist-info"
        facts.mkdir()
        (place / f"{module}.py").write_text(file.read_text("utf-8"), "utf-8")
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", "utf-8")
        (facts / "entry_points.txt").write_text(f"[tsbench.devices]\nmine = {module}:{entry}\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(place)
        catalogue_module.forget()
        yield
    for module in TEXTS:
        sys.modules.pop(module, None)
    catalogue_module.forget()


def test_derived_derivatives_are_those_of_differences() -> None:
    model = device_model("lab_film")
    for v, i, t in ((0.7, 2e-4, 350.0), (-1.5, -3e-3, 800.0)):
        here = evaluated(model, v, i, (t,)).reshape(2, 4)
        for column, step in enumerate((1e-5, 1e-8, 1e-3)):
            change = np.eye(3)[column] * step
            high, low = (evaluated(model, v + s * change[0], i + s * change[1], (t + s * change[2],)) for s in (1, -1))
            slopes = (high - low).reshape(2, 4)[:, 0] / (2 * step)
            assert here[:, 1 + column] == pytest.approx(slopes, rel=1e-6, abs=1e-9)


def test_many_run_in_lockstep() -> None:
    crossing = Crossing("voltage", "out", 1.0)

    def circuits(specialised: bool) -> list[Circuit]:
        specimens = [catalogue()["lab_film"].specimen(1, f"D{k}") for k in range(5)]
        return [build_circuit(parse_netlist(PULSE), {"X1": model}, specialised=specialised) for model in specimens]

    together = run_batch(circuits(True), 5e-6, crossing)
    alone = one_by_one(circuits(False), 5e-6, crossing, threads=1)
    assert together.in_lockstep and not alone.in_lockstep
    assert [list(t) for t in together.instants] == [pytest.approx(t, rel=1e-9) for t in alone.instants]
    assert all(len(t) == 1 for t in together.instants)


def paths(circuit: Circuit, until: float) -> np.ndarray:
    found = []
    for time in np.linspace(0.0, until, 400)[1:]:
        circuit.advance(float(time))
        found.append(circuit.device_state("X1")["x"])
    return np.array(found)


def test_a_stochastic_device_with_a_gate() -> None:
    """An Ornstein-Uhlenbeck process about its gate: mean w, variance d tau; the same seed gives the same path."""
    one, again, other, quiet = (
        paths(build_circuit(parse_netlist(GATED), {"X1": device_model("lab_gate", p)}), 400e-6)
        for p in ({"seed": 7}, {"seed": 7}, {"seed": 8}, {"seed": 7, "d": 0.0}))
    assert np.array_equal(one, again) and not np.array_equal(one, other)
    assert quiet[20:] == pytest.approx(0.5, abs=1e-5)
    for path in (one, other):
        assert path[20:].mean() == pytest.approx(0.5, abs=0.02) and path[20:].var() == pytest.approx(0.01, rel=0.3)


def test_the_path_of_a_gated_device_is_that_of_finer_pieces_and_of_its_own_code() -> None:
    def path(**options: float | bool) -> np.ndarray:
        circuit = build_circuit(
            parse_netlist(GATED + "X2 out 0 ag_sio2\nX3 out g 0 lab_gate\n"), seed=3, **options)  # type: ignore[arg-type]
        return paths(circuit, 10e-6)

    plain = path()
    strays = (2e4 * 20e-9 / 4) ** 0.5   # of the path from a straight piece, rms in its middle
    assert path(noise_refinement=0.1) == pytest.approx(plain, abs=4 * strays)
    assert path(specialised=True) == pytest.approx(plain, abs=1e-5)


def test_the_subcircuit_is_made_from_the_equations() -> None:
    text = devices_lib()
    mine = text[text.index(".subckt lab_film"):]
    assert "ic={t0/10.0}" in mine and "{b}" in mine and mine.count(".ends") == 1
