"""Protocols by entry points: those of another author come by the same door as ours."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.errors import ConfigurationError
from tsbench.protocols import PROTOCOLS, describe, protocol_named

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL = ROOT / "examples" / "plugins" / "lab_resistance.py"
#: each folder has the name of its protocol
OURS = {path.parent.name for path in (ROOT / "protocols").glob("*/protocol.py")}

Install = Callable[..., Callable[[], None]]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package with a protocol for one test, by its text; returns what takes it away again."""
    place = tmp_path / "site"
    facts = place / "lab_resistance-1.2.dist-info"

    def forget() -> None:
        sys.modules.pop("lab_resistance", None)
        PROTOCOLS.forget()

    def away() -> None:
        (facts / "entry_points.txt").unlink()
        forget()

    def installed(text: str) -> Callable[[], None]:
        facts.mkdir(parents=True)
        (place / "lab_resistance.py").write_text(text, "utf-8")
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: lab_resistance\nVersion: 1.2\n", "utf-8")
        (facts / "entry_points.txt").write_text("[tsbench.protocols]\nlab = lab_resistance:PROTOCOL\n", "utf-8")
        monkeypatch.syspath_prepend(place)
        forget()
        return away

    yield installed
    monkeypatch.undo()
    forget()


def test_ours_come_by_the_same_door() -> None:
    assert "iv_sweep" in OURS and set(PROTOCOLS.names()) >= OURS and PROTOCOLS.problems() == ()
    assert all(PROTOCOLS.offers()[name].distribution.startswith("tsbench ") for name in OURS)
    for folder in OURS:
        files = {path.stem for path in (ROOT / "protocols" / folder).glob("*.py")}
        assert files >= {"parameters", "plan", "acquisition", "extraction", "figure", "protocol"}


def test_every_protocol_is_named_and_described() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'iv_sweep'"):
        protocol_named("iv_swep")
    for protocol in PROTOCOLS.things().values():
        described = describe(protocol)
        assert [p["name"] for p in described["parameters"]] == list(protocol.model_fields)
        assert all(p["help"] and (p["kind"] != "text" or p["name"] == "file") for p in described["parameters"])
        assert protocol.parse({p["name"]: p["default"] for p in described["parameters"]}) == protocol()


def test_a_protocol_of_another_author_from_the_list_to_the_figure(
    install: Install, resistor_bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    away = install(PROTOCOL.read_text("utf-8"))
    assert main(["protocols", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    (mine,) = [row for row in listed if row["name"] == "lab_resistance"]
    assert [parameter["name"] for parameter in mine["parameters"]] == ["levels", "compliance", "settle"]
    out = tmp_path / "runs"
    assert main(["measure", "lab_resistance", "--bench", str(resistor_bench), "--device", "R1", "--out", str(out),
                 "--set", "levels=0.5 V, 1 V, 2 V", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["quantity"] == "resistance" and row["protocol"] == "lab_resistance"
    assert row["value"] == pytest.approx(10e3, rel=2e-3) and row["low"] < row["value"] < row["high"]
    (stored,) = out.glob("*.nxs")
    assert main(["analyse", str(stored), "--out", str(tmp_path / "figures"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [row]
    (figure,) = (tmp_path / "figures").iterdir()
    assert figure.name.endswith("_resistance.png") and figure.read_bytes().startswith(b"\x89PNG")
    away()
    assert main(["analyse", str(stored), "--json"]) == 2
    out_text, said = capsys.readouterr()
    assert not out_text and said.count("\n") == 1
    assert "protocol 'lab_resistance' is not installed, so no numbers can be extracted" in said


def test_a_class_derived_from_ours_inherits_what_it_does_not_change(
    install: Install, resistor_bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    """As docs/plugins.md writes it."""
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    (text,) = re.findall(r"```python\n([^`]*class GentleSweep[^`]*)```", page)
    install(f"{text}\n\nPROTOCOL = GentleSweep\n")
    assert protocol_named("gentle_sweep")().parameters()["compliance"] == {"value": 10e-6, "unit": "A"}
    assert main(["measure", "gentle_sweep", "--bench", str(resistor_bench), "--device", "R1", "--out", str(tmp_path),
                 "--set", "stop=50 mV", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["quantity"] for row in rows} >= {"threshold_voltage"} and rows[0]["protocol"] == "gentle_sweep"


def test_its_plan_is_refused_by_the_limits_of_the_device(
    install: Install, resistor_bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    install(PROTOCOL.read_text("utf-8"))
    assert main(["measure", "lab_resistance", "--bench", str(resistor_bench), "--device", "R1", "--out", str(tmp_path),
                 "--set", "levels=1,2,30"]) == 3
    assert "device: voltage may reach 30.00 V, but max_voltage of R1 is 20.00 V" in capsys.readouterr().err


def test_a_default_may_be_a_text_or_made_by_a_function(
    install: Install, capsys: pytest.CaptureFixture[str],
) -> None:
    """It is shown, and used, in SI units."""
    text = PROTOCOL.read_text("utf-8").replace("default=1e-3, gt=0", 'default="1 mA", gt=0')
    install(text.replace("default=10e-3, ge=0", "default_factory=lambda: 20e-3, ge=0"))
    assert main(["protocols", "--json"]) == 0
    (mine,) = [row for row in json.loads(capsys.readouterr().out) if row["name"] == "lab_resistance"]
    assert [row["default"] for row in mine["parameters"]] == [[0.1, 0.2, 0.3, 0.4], 1e-3, 20e-3]
    assert protocol_named("lab_resistance")().parameters()["compliance"] == {"value": 1e-3, "unit": "A"}


@pytest.mark.thin(3)
@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("    def plan(", "    def plans(", "class Resistance has no method plan"),
        ("    def extract(", "    def extracts(", "class Resistance has no method extract"),
        ('    name: ClassVar[str] = "lab_resistance"\n', "", "class Resistance has no name"),
        ('    title: ClassVar[str] = "Resistance"\n    roles: ClassVar[tuple[str, ...]] = ("drive",)\n', "",
         "class Resistance has no title and no roles"),
        ('= "lab_resistance"', '= "Lab resistance"',
         "class Resistance: name 'Lab resistance' must consist of small letters, digits and _, and begin with a "
         "letter"),
        ('= "lab_resistance"', '= "iv_sweep"', "the name 'iv_sweep' already belongs to tsbench"),
        ("default=1e-3, gt=0", "gt=0", "class Resistance: parameter compliance has no default"),
        ("PROTOCOL = Resistance", "PROTOCOL = Resistance()", "Resistance(levels="),
        ("PROTOCOL = Resistance", "PROTOCOL = dict", "<class 'dict'> is not a class derived from tsbench.protocols"),
        ("import numpy as np", "import nothing_of_this_name", "ModuleNotFoundError: No module named"),
        ('Column("time", "s", "on the bench\'s clock")', '"time"',
         "class Resistance: columns must be a tuple of tsbench.records.Column"),
        ("columns: ClassVar[tuple[Column, ...]] = (", 'columns: ClassVar = Column("t", "s")\n    more: ClassVar = (',
         "class Resistance: columns must be a tuple of tsbench.records.Column"),
        ('Column("time", "s",', 'Column("current", "s",', "class Resistance: two columns have the name 'current'"),
        ('Column("time", "s",', 'Column("time", None,', "class Resistance: name, unit and help of Column(name='time'"),
        ('= ("drive",)', '= ("drive")',
         "class Resistance: roles = 'drive' must be a tuple of names. For one name, write (\"drive\",)"),
        ('= "Resistance"', "= 3", "class Resistance: title = 3 must be text"),
        ("default=1e-3, gt=0", "default=-1e-3, gt=0",
         "class Resistance: its defaults cannot be used (compliance: -0.001 should be greater than 0"),
        ("default=1e-3, gt=0", 'default="1 V", gt=0',
         "class Resistance: its defaults cannot be used (compliance: '1 V' is in V, but the unit must be A"),
        ("default=1e-3, gt=0", "default_factory=list",
         "class Resistance: its defaults cannot be used (compliance: [] is not a quantity. Give a number such as '1"),
        ("default=10e-3, ge=0, le=10", "default_factory=lambda: 20.0, ge=0, le=10",
         "class Resistance: its defaults cannot be used (settle: 20.0 should be less than or equal to 10"),
        ("settle: Seconds = Field(default=10e-3, ge=0, le=10", "settle: list[float] = Field(default=[1.0]",
         "class Resistance: parameter settle = [1.0] cannot be shown in a form. Make it a number, a tuple of numbers"),
        ("settle: Seconds = Field(default=10e-3, ge=0, le=10", "settle: dict[str, str] = Field(default={}",
         "class Resistance: parameter settle = {} cannot be shown in a form"),
        ("(0.1, 0.2, 0.3, 0.4), min_length=3", "(0.1, 0.2), min_length=3",
         "class Resistance: its defaults cannot be used (levels: Tuple should have at least 3 items"),
    ],
)
def test_what_cannot_be_used_is_left_out_in_one_line(
    install: Install, capsys: pytest.CaptureFixture[str], old: str, new: str, reason: str
) -> None:
    text = PROTOCOL.read_text("utf-8")
    assert old in text
    install(text.replace(old, new))
    assert main(["protocols", "--json"]) == 0
    out, said = capsys.readouterr()
    assert {row["name"] for row in json.loads(out)} == OURS
    assert said.count("\n") == 1
    assert said.startswith(f"tsbench: protocol 'lab' of lab_resistance 1.2 is left out: {reason}")
    with pytest.raises(ConfigurationError, match=r"unknown protocol 'lab_resist'.*Protocol 'lab' of lab_resistance"):
        protocol_named("lab_resist")
