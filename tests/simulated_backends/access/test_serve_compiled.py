"""No client of a served bench waits for the compiler, however long it measures."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numba.core.dispatcher import Dispatcher

from tests.fixtures.patience import PATIENCE
from tsbench.simulated_backends.circuit.kernel import compiled_circuit, specialised
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit

NBO2 = Path(__file__).resolve().parents[3] / "examples" / "nbo2.world.toml"
READ = b':READ? "defbuffer1",REL,SOUR,READ,SOURSTAT\n'


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the functions that are compiled from now on, and those of a circuit's own code that are only loaded."""
    names: list[str] = []
    compile_ = Dispatcher.compile

    def noted(self: Any, signature: Any) -> Any:
        missed = sum(self.stats.cache_misses.values())
        result = compile_(self, signature)
        module = self.py_func.__module__
        if sum(self.stats.cache_misses.values()) > missed or not module.startswith("tsbench."):
            names.append(f"{module}.{self.py_func.__name__}")
        return result

    monkeypatch.setattr(Dispatcher, "compile", noted)
    return names


@pytest.fixture
def gone_over(monkeypatch: pytest.MonkeyPatch) -> list[CompiledCircuit]:
    """Return the circuits that get code of their own from now on."""
    found: list[CompiledCircuit] = []
    specialise = CompiledCircuit.specialise

    def noted(self: CompiledCircuit) -> None:
        found.append(self)
        specialise(self)

    monkeypatch.setattr(CompiledCircuit, "specialise", noted)
    return found


@pytest.mark.parametrize("device", ["D1", "D2"])
def test_a_long_sweep_goes_over_to_its_own_code_without_waiting_for_it(
    serve: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, late: list[str],
    gone_over: list[CompiledCircuit], device: str,
) -> None:
    """That happens in the middle of a reading, whose reply took 13 s at a load of 8."""
    monkeypatch.setenv("TSBENCH_WITNESS", "")
    monkeypatch.setattr(compiled_circuit, "GENERIC_STEPS", 100)
    specialised.specialised_integrate.cache_clear()
    world = Path(shutil.copy(NBO2, tmp_path))
    world.write_text(world.read_text("utf-8") + '\n[devices.D2]\nmodel = "ag_sio2"\n', "utf-8")
    served = serve(world)
    late.clear()
    gone_over.clear()
    with served.world.bench.lock:
        served.world.positioner.connect(device)
    with served.connect("source_meter", timeout=PATIENCE) as link, link.makefile("rb") as stream:
        link.sendall(b":SOUR:FUNC VOLT\n:SOUR:VOLT:RANG 2\n:SOUR:VOLT:ILIM 1E-3\n:SENS:FUNC 'CURR'\n"
                     b":SENS:CURR:NPLC 0.1\n:OUTP ON\n")
        for level in (0.1 * step for step in range(17)):
            link.sendall(b":SOUR:VOLT %.1f\n" % level + READ)
            assert stream.readline().count(b",") == 3
        link.sendall(b":OUTP OFF;*OPC?\n")
        assert stream.readline() == b"1\n"
    assert gone_over
    assert late == []
