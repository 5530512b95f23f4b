"""Only what is simulated as a whole is called simulated; a mixed bench says which instruments are."""

import dataclasses
from pathlib import Path

import pytest

from tsbench.cli.checking import _print
from tsbench.records import RunHeader, simulation_mark
from tsbench.storage import read_run
from tsbench.storage.nexus.header import loud, simulated_in_words

CORPUS = Path(__file__).parents[2] / "tests" / "corpus" / "06c60f1"


@pytest.fixture(scope="module")
def header() -> RunHeader:
    return read_run(CORPUS / "sweep.nxs").header


def marked(header: RunHeader, real: tuple[str, ...]) -> RunHeader:
    instruments = {
        name: {**facts, "simulated": name not in real} for name, facts in header.instruments.items()
    }
    any_simulated = any(facts["simulated"] for facts in instruments.values())
    return dataclasses.replace(header, instruments=instruments, simulated=any_simulated)


def test_marks() -> None:
    assert simulation_mark({"meter": True, "scope": True}) == "SIMULATED"
    assert simulation_mark({"meter": False, "scope": True}) == "PARTLY SIMULATED (scope)"
    assert simulation_mark({"meter": False, "scope": False}) == simulation_mark({}) == ""


def test_run_files(header: RunHeader) -> None:
    mixed = marked(header, ("source_meter",))
    assert loud(mixed) == "PARTLY SIMULATED "
    assert simulated_in_words(mixed) == "PARTLY SIMULATED DATA: simulated generator, scope; real source_meter"
    whole, real = marked(header, ()), marked(header, tuple(header.instruments))
    assert (loud(whole), simulated_in_words(whole)) == ("SIMULATED ", "SIMULATED DATA: no real device was measured")
    assert (loud(real), simulated_in_words(real)) == ("", "")


@pytest.mark.parametrize(
    ("real", "title"),
    [((), "lab: SIMULATED"), (("scope",), "lab: PARTLY SIMULATED (meter)"), (("scope", "meter"), "lab")],
)
def test_check(capsys: pytest.CaptureFixture[str], real: tuple[str, ...], title: str) -> None:
    keys = ("role", "model", "serial", "resource")
    rows = [{"name": name, "simulated": name not in real, **dict.fromkeys(keys, "")} for name in ("meter", "scope")]
    _print({"name": "lab", "instruments": rows,
            **{key: [] for key in ("outputs", "interlocks", "unknown_before_reset", "unwatched", "unasked",
                                   "devices", "fixture_control", "predictions", "warnings", "problems")}})
    assert capsys.readouterr().out.splitlines()[0] == title
