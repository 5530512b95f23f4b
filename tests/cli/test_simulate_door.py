"""What ``tsbench simulate`` lets its user choose: tolerance, seed, form of the output; and what it says of them."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.kernel import compiled_circuit
from tsbench.simulated_backends.studies.simulate import simulate as simulate_module
from tsbench.simulated_backends.studies.simulate.simulate import simulate

SILVER = (
    "* two silver devices\nV1 in 0 PULSE(0 1.5 0 1u 1u 1)\nR1 in a 100k\nX1 a 0 ag_sio2\nR2 in b 100k\nX2 b 0 ag_sio2\n"
    ".tran 20u 2m uic\n.save v(a) v(b) v(a,b)\n")
OSCILLATOR = (
    "* oscillator\nV1 in 0 PULSE(0 2.2 0 10n 10n 1)\nR1 in dut 5050\nC1 dut 0 80p\nX1 dut low nbo2\nR2 low 0 50\n"
    ".tran 20n 20u uic\n.save v(dut) v(low)\n")
RC = "* rc\nV1 in 0 PULSE(0 1 0 1n 1n 1)\nR1 in out 1k\nC1 out 0 1n\n.tran {} 2u uic\n.save v(out)\n"


@pytest.fixture
def netlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(simulate_module, "WORTH_COMPILING", math.inf)   # to compile it would take seconds
    path = tmp_path / "circuit.cir"
    path.write_text(SILVER)
    return path


def test_stochastic_elements_differ_runs_differ_and_a_seed_repeats_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate_module, "WORTH_COMPILING", math.inf)
    first, again, other = simulate(SILVER, seed=1), simulate(SILVER, seed=1), simulate(SILVER)
    assert abs(first.columns["v(a,b)"]).max() > 1e-3
    assert all(np.array_equal(first.columns[name], again.columns[name]) for name in first.columns)
    assert other.seed != 1
    grid = np.arange(0, 2e-3, 20e-6)
    kept, new = (np.interp(grid, found.times, found.columns["v(a)"]) for found in (first, other))
    assert abs(kept - new).max() > 1e-3
    repeated = simulate(SILVER, seed=other.seed)
    assert np.array_equal(repeated.columns["v(a)"], other.columns["v(a)"])


def test_the_seed_is_said_and_stored(netlist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run.npz"
    assert main(["simulate", str(netlist), "--out", str(out)]) == 0
    said = re.search(r"seed (\d+)$", capsys.readouterr().err, re.MULTILINE)
    with np.load(out) as stored:
        assert said is not None
        assert int(stored["seed"]) == int(said[1])
        assert stored["time"].shape == stored["v(a)"].shape == stored["v(a,b)"].shape
        assert float(stored["rtol"]) == 1e-6


def test_the_table_is_the_same_as_text_and_binary(netlist: Path, tmp_path: Path) -> None:
    text, binary = tmp_path / "run.csv", tmp_path / "run.NPZ"
    for out in (text, binary):
        assert main(["simulate", str(netlist), "--seed", "3", "--out", str(out)]) == 0
    table = np.genfromtxt(text, delimiter=",", skip_header=1)
    assert text.read_text().splitlines()[0] == 'time,v(a),v(b),"v(a,b)"'
    with np.load(binary) as stored:
        for k, name in enumerate(("time", "v(a)", "v(b)", "v(a,b)")):
            assert table[:, k] == pytest.approx(stored[name], rel=1e-11, abs=0)


def test_a_larger_tolerance_takes_fewer_steps(
    netlist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    steps = []
    netlist.write_text(OSCILLATOR.replace("20u", "2u"))
    for rtol in ("1e-3", "1e-6"):
        assert main(["simulate", str(netlist), "--rtol", rtol, "--timing", "--out", str(tmp_path / "x.csv")]) == 0
        error = capsys.readouterr().err
        found = re.search(
            r"^integration (\S+) s \((\d+) steps; (\S+) s of processor time\)\noutput (\S+) s .*\ncode (\S+) s ",
            error, re.MULTILINE)
        assert found is not None
        steps.append(int(found[2]))
    assert steps[0] < steps[1] / 3


@pytest.mark.parametrize(("option", "value", "said"), [
    ("--rtol", "0.5", "rtol = 0.5 must be between"), ("--rtol", "0", "rtol = 0 must"), ("--seed", "-1", "seed = -1"),
    ("--rtol", "nan", "rtol = nan must"),
])
def test_what_cannot_be_is_refused(
    netlist: Path, option: str, value: str, said: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["simulate", str(netlist), option, value]) == 2
    assert said in capsys.readouterr().err


def test_a_table_that_no_memory_holds_is_refused_up_front(
    netlist: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    netlist.write_text(RC.format("1e-15"))
    assert main(["simulate", str(netlist)]) == 2
    error = capsys.readouterr().err
    assert ".tran" in error
    assert "2e+09 rows" in error
    assert "at least 4e-14 s" in error
    with pytest.raises(ConfigurationError, match="largest step"):
        simulate(RC.format("1n").replace("2u uic", "2u 0 1e-15 uic"))


# ------------------------------------------------------------------------------------------- which code


@pytest.fixture
def specialised(monkeypatch: pytest.MonkeyPatch) -> list[Circuit]:
    """Note whenever a circuit gets code of its own."""
    seen: list[Circuit] = []
    original = compiled_circuit.CompiledCircuit.specialise

    def noted(self: compiled_circuit.CompiledCircuit) -> None:
        seen.append(self)  # type: ignore[arg-type]
        original(self)

    monkeypatch.setattr(compiled_circuit.CompiledCircuit, "specialise", noted)
    return seen


def test_a_long_run_gets_code_of_its_own_and_a_short_one_does_not(specialised: list[Circuit]) -> None:
    short = simulate(OSCILLATOR.replace("20u uic", "2u uic"))
    simulate(RC.format("1n"))   # the steps at its start are no sign of more to come
    assert not specialised
    long = simulate(OSCILLATOR.replace("20u uic", "40u uic"))
    assert len(specialised) == 1
    assert long.steps > 10_000 > short.steps
    assert np.array_equal(long.times[:200], short.times[:200])
    assert np.diff(long.times).min() > 1e-14   # no instant twice, whoever reaches it how


def test_progress_rises_to_one_while_a_run_goes_on_in_code_of_its_own(specialised: list[Circuit]) -> None:
    shares: list[float] = []
    result = simulate(OSCILLATOR.replace("20u uic", "400u uic"), progress=shares.append)
    assert len(specialised) == 1
    assert result.steps > 100_000
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert 20 <= len(shares) <= 202
    assert max(np.diff(shares)) < 0.05


def test_how_a_run_is_sliced_changes_nothing_but_which_rows_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    text = OSCILLATOR.replace("20u uic", "40u uic")
    whole = simulate(text, rtol=1e-3)
    monkeypatch.setattr(simulate_module, "IN_ONE", 0)
    sliced = simulate(text, rtol=1e-3)
    assert whole.steps == sliced.steps
    both = np.isin(sliced.times, whole.times)
    assert both.mean() > 0.99
    assert np.array_equal(sliced.columns["v(dut)"][both], whole.columns["v(dut)"][np.isin(whole.times, sliced.times)])


def test_a_circuit_changes_its_code_after_so_many_steps_however_it_is_asked(
    specialised: list[Circuit], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compiled_circuit, "GENERIC_STEPS", 500)

    def made(choice: bool | None) -> Circuit:
        return build_circuit(parse_netlist(OSCILLATOR), specialised=choice)

    generic, one, many = made(False), made(None), made(None)
    for circuit in (generic, one):
        circuit.advance(5e-6, skip=False)
    for k in range(1, 51):
        many.advance(5e-6 * k / 50, skip=False)
    assert len(specialised) == 2
    assert one.steps == many.steps > 1000
    assert np.array_equal(one.unknowns(), many.unknowns())
    assert one.unknowns() == pytest.approx(generic.unknowns(), rel=1e-9)
