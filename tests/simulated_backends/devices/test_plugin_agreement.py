"""``python -m benchmarks.agreement --device NAME`` for devices of other authors: with a gate, and with wrong texts."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))   # the benchmarks are no package of the installation

from benchmarks.agreement import main
from benchmarks.agreement_waveforms import first_error
from tsbench.simulated_backends.devices import catalogue as catalogue_module

ROOT = Path(__file__).resolve().parents[3]
#: the noisy gate without its noise
GATE = (ROOT / "tests" / "fixtures" / "lab_noisy_gate.py").read_text("utf-8")
QUIET = (GATE.replace("stochastic: ClassVar[bool] = True", "stochastic: ClassVar[bool] = False")
         .replace('noises: ClassVar[tuple[str, ...]] = ("kick",)', "noises: ClassVar[tuple[str, ...]] = ()")
         .replace("kick: float, ", "").replace(", d: float\n", "\n").replace(" + (2.0 * d) ** 0.5 * kick", ""))
SUBCIRCUIT = '''    @classmethod
    def subcircuit(cls):
        return """{text}"""

    def rest(self)'''

Compare = Callable[..., tuple[int, str, str]]


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Compare]:
    """Install a device for one test and compare it; returns the exit code and what was printed."""
    modules: list[str] = []

    def compared(text: str, module: str, *arguments: str) -> tuple[int, str, str]:
        facts = tmp_path / f"{module}-1.2.dist-info"
        facts.mkdir()
        (tmp_path / f"{module}.py").write_text(text, "utf-8")
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n", "utf-8")
        (facts / "entry_points.txt").write_text(f"[tsbench.devices]\nmine = {module}:NoisyGate\n", "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        modules.append(module)
        catalogue_module.forget()
        code = main(["--device", "lab_gate", *arguments])
        return (code, *capsys.readouterr())

    yield compared
    monkeypatch.undo()
    for module in modules:
        sys.modules.pop(module, None)
    catalogue_module.forget()


@pytest.mark.ngspice
def test_a_device_with_a_gate_agrees(compare: Compare) -> None:
    code, table, said = compare(QUIET, "lab_quiet_one", "--volts", "2", "--load", "1000", "--control", "0.2", "1.5")
    assert code == 0 and not said, said
    rows = [line for line in table.splitlines() if line.startswith("| lab_gate, ")]
    assert {row.split(", ")[1] for row in rows} == {"pulse", "ramp", "sine"}
    assert all(row.endswith("| pass |") for row in rows)


@pytest.mark.ngspice
@pytest.mark.parametrize(("text", "said"), [
    ("R1 high low {nothing}", "Undefined parameter [nothing]"),
    ("X9 high low nothing", "Error: unknown subckt: x1.x9 out 0 nothing"),
    ("Q1 high gate low c d e f", "warning, can't find model"),
])
def test_a_wrong_ngspice_text_is_one_line_with_the_first_error(compare: Compare, text: str, said: str) -> None:
    device = QUIET.replace("    def rest(self)", SUBCIRCUIT.format(text=text))
    code, table, line = compare(device, f"lab_quiet_{text[0].lower()}")
    assert (code, table) == (2, "") and line.count("\n") == 1
    assert line.startswith("agreement: lab_gate: ngspice ended with code 1: ") and said in line


def test_what_cannot_be_compared_is_one_line(compare: Compare) -> None:
    code, table, line = compare(GATE, "lab_quiet_two")
    assert (code, table) == (2, "") and line.count("\n") == 1
    assert line.startswith("agreement: lab_gate: it is stochastic")
    assert main(["--device", "nothing_of_this_name"]) == 2


def test_the_first_error_stands_behind_notes_and_warnings() -> None:
    printed = "Note: a\nWarning: singular matrix\n\ndoAnalyses: TRAN:  Timestep too small\nrun simulation(s) aborted\n"
    assert first_error(printed, "") == "doAnalyses: TRAN: Timestep too small run simulation(s) aborted"
    assert first_error("", "") == "it printed no error"
