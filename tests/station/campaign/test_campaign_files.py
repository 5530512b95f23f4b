"""What a campaign file may hold: wafer maps, patterns, notifications; and files that are no campaigns."""

import json
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.docs.test_definitions_page import on_page
from tests.fixtures.fake_campaign import FakePerformer, fake_benches, write_campaign
from tsbench.errors import ConfigurationError, LimitError
from tsbench.protocols.registry import PROTOCOLS, protocol_named
from tsbench.station.campaign import CampaignRefused, campaign
from tsbench.station.campaign.file import campaign_of
from tsbench.station.campaign.names import QUANTITIES
from tsbench.station.campaign.overview import refusals
from tsbench.station.campaign.selection import matching, read_map
from tsbench.station.campaign.steps import STEP_KEYS

STEP = '[[step]]\nprotocol = "sweep"\n'


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_benches(monkeypatch)


@pytest.mark.parametrize(("patterns", "found"), [
    (["W1/*"], ["W1/A", "W1/B"]), (["*"], []), (["**"], ["W1/A", "W1/B", "W2/A"]), (["*/A"], ["W1/A", "W2/A"]),
    (["W?/B", "W1/A"], ["W1/B", "W1/A"]), (["W1/A", "W1/*"], ["W1/A", "W1/B"]), (["W1.A"], [])])
def test_patterns_match_parts_of_names(patterns: list[str], found: list[str]) -> None:
    assert matching(patterns, ["W1/A", "W1/B", "W2/A"]) == found


def test_no_pattern_takes_long() -> None:
    assert matching(["**a" * 60 + "b"], ["a" * 80]) == [] and matching(["*a" * 40], ["a" * 80]) == ["a" * 80]


def test_the_rows_of_a_wafer_map_are_devices_and_its_columns_names(tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text(
        "device,radius,kind,measure\nW1/A,10,small,yes\nW1/B,-40,large,\nW2/A,5,small,no\n", "utf-8")
    text = f'map = "map.csv"\n{STEP}when = "abs(radius) < 30 and kind == small"\n'
    run = campaign(write_campaign(tmp_path, text), tmp_path / "out").run(performer=(performer := FakePerformer()))
    assert performer.performed == ["W1/A sweep"] and "not met" in run.runs["W1/B sweep"].reason


@pytest.mark.parametrize(("text", "said"), [
    ("die,x\n", "needs a column 'device'"), ("device\nA\nA\n", "line 3: the device 'A' is there twice"),
    ("device,x\nA\n", "line 2 has 1 cells"), ("device\n\nA,1\n", "line 3 has 2 cells"),
    ("device,measure\nA,nein\n", "line 2: the column 'measure' has 'nein' for A. Write yes or no"),
    ("device,measure\nA,No\nA,yes\n", "line 3: the device 'A' is there twice"),
    ("device,measure,measure\nA,no,yes\n", "the column 'measure' is there twice")])
def test_a_wrong_wafer_map_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "map.csv").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=said):
        read_map(tmp_path / "map.csv")


def test_all_mistakes_of_a_step_come_at_once(tmp_path: Path) -> None:
    text = ('devices = ["W1/A", "W9/*"]\n[[step]]\nname = "scr een"\nprotocl = "sweep"\nstop = "1.5 A"\n'
            '[[step]]\nname = "good"\nprotocol = "sweep"\nwhen = "foo.contact == ok"\n'
            '[[step]]\nname = "good"\nprotocol = "sweep"\nrepeat = 0\n')
    lines = campaign(write_campaign(tmp_path, text), tmp_path / "out").plan().red
    for said in ("'scr een' is no name of a step", "there is the unknown key 'protocl'. Did you mean 'protocol'?",
                 "there is no step 'foo' before", "another step has this name", "repeat: it must be a whole number"):
        assert [line for line in lines if said in line], said
    assert not [line for line in lines if "Known: good" in line]
    text = '[[step]]\nprotocl = "sweep"\n'
    (line,) = campaign(write_campaign(tmp_path, f'devices = ["W1/A"]\n{text}'), tmp_path / "out").plan().red
    assert line.endswith("step 1: protocol: it is missing, but there is the unknown key 'protocl'. Did you mean "
                         "'protocol'?")


def test_one_mistake_on_many_devices_is_one_line() -> None:
    planned: Any = [SimpleNamespace(problem=LimitError(f"device '{name}': {what} is above its limit"),
                                    item=SimpleNamespace(device=name, where=f"{name} screen"))
                    for name in ("W1_A", "W1_B", "W1_C") for what in ("1 mA", "2 V")]
    assert refusals(planned) == ["W1_A screen and 2 more: device 'W1_A': 1 mA is above its limit",
                                 "W1_A screen and 2 more: device 'W1_A': 2 V is above its limit"]


def test_a_device_to_exclude_that_the_bench_has_not_is_named(tmp_path: Path) -> None:
    text = f'devices = ["W1/*"]\nexclude = ["W1/B", "W3/*"]\n{STEP}'
    plan = campaign(write_campaign(tmp_path, text), tmp_path / "out").plan()
    assert [line for line in plan.red if "exclude: device 'W3/*' is not on the bench" in line]
    plan = campaign(write_campaign(tmp_path, text.replace("W3/*", "W2/*")), tmp_path / "out").plan()
    assert not plan.red and {device for row in plan.rows for device in row.devices} == {"W1/A"}


def test_a_device_of_the_map_that_the_bench_has_not_is_named(tmp_path: Path) -> None:
    (tmp_path / "map.csv").write_text("device\nW7/A\n", "utf-8")
    plan = campaign(write_campaign(tmp_path, f'map = "map.csv"\n{STEP}'), tmp_path / "out").plan()
    assert any("the device 'W7/A' is not on the bench" in line for line in plan.red)


def test_no_key_of_a_step_is_a_parameter_of_a_protocol() -> None:
    for name in PROTOCOLS.offers():
        assert not set(STEP_KEYS) & set(protocol_named(name).model_fields), name


def test_every_quantity_that_a_protocol_extracts_can_stand_in_an_expression() -> None:
    assert set(on_page()) - set(QUANTITIES) == set()


def test_a_campaign_sends_by_a_name_of_the_users_own_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TSBENCH_CONFIG", str(tmp_path))
    path = write_campaign(tmp_path, f'devices = ["W1/*"]\nnotify = "lab"\n{STEP}')
    with pytest.raises(CampaignRefused, match=r"there is no .*notify.toml"):
        campaign(path, tmp_path / "out").run(performer=FakePerformer())
    told = tmp_path / "told.txt"
    code = f"import sys; open({str(told)!r}, 'w').write(sys.argv[1])"
    (tmp_path / "notify.toml").write_text(f"[lab]\ncommand = {json.dumps([sys.executable, '-c', code])}\n", "utf-8")
    campaign(path, tmp_path / "out").run(performer=FakePerformer())
    assert told.read_text("utf-8") == "c.campaign: done. 2 success"
    (tmp_path / "notify.toml").write_text('[lab]\ncommand = ["/does/not/exist"]\n', "utf-8")
    said: list[str] = []
    campaign(path, tmp_path / "two").run(performer=FakePerformer(), events=lambda event: said.append(event.message))
    assert any("the notification could not be sent" in line for line in said)


@pytest.mark.parametrize("text", [
    "step = 3", "[[step]]\nname = 3", '[[step]]\nprotocol = ["a"]', 'devices = 3\n[[step]]\nprotocol = "sweep"',
    '[[step]]\nprotocol = "sweep"\nsweep = 3', '[[step]]\nprotocol = "sweep"\nsweep = { at = { a = 1 } }',
    '[[step]]\nprotocol = "sweep"\nwhen = 3', '[[step]]\nprotocol = "sweep"\nrepeat = true', 'check = 3\n' + STEP,
    'parameters = 3\n' + STEP, '[parameters]\nx = [1]\n' + STEP, '[expected]\nfrequency = ["1 V", "2 V"]\n' + STEP,
    'map = "none.csv"\n' + STEP, 'fixture = { load = 1 }\n' + STEP, 'leave_out = [1]\n' + STEP, 'notify = 3\n' + STEP,
    '[[step]]\nprotocol = "sweep"\npoints = "2 * frequency"', '[[step]]\nprotocol = "sweep"\nat = [1, 2]',
    '[[step]]\nprotocol = "sweep"\nzip = { at = [1, 2], points = [1] }', '[check]\nagree = -1\n' + STEP,
])
def test_a_wrong_file_is_a_problem_and_no_error_of_the_program(tmp_path: Path, text: str) -> None:
    try:
        found = campaign_of(text, tmp_path / "c.toml")
    except ConfigurationError as error:
        assert "c.toml" in str(error)
    else:
        assert found.problems and all("\n" not in line for line in found.problems)


_TOML = st.recursive(
    st.one_of(st.integers(-10, 10), st.booleans(), st.floats(allow_nan=False), st.text(max_size=12), st.sampled_from(
        ["1 V", "1 V to 2 V, 3", "2 * frequency", "contact == ok", "sweep", "iv_sweep", "first_contact", "device"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["name", "protocol", "at", "stop", "x", "when", "sweep", "zip", "frequency"]), inner, max_size=4), max_leaves=8)
_KEYS = st.sampled_from(["bench", "devices", "exclude", "map", "order", "fixture", "parameters", "expected", "check",
                         "leave_out", "note", "notify", "name", "on_interrupted", "device"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=st.dictionaries(_KEYS, _TOML, max_size=4), steps=st.lists(st.dictionaries(
    st.sampled_from([*STEP_KEYS, "at", "points", "stop"]), _TOML, max_size=5), min_size=1, max_size=3))
def test_no_content_raises_anything_else(tmp_path: Path, top: dict[str, object], steps: list[object]) -> None:
    def value(one: object) -> str:
        if isinstance(one, dict):
            return "{" + ", ".join(f"{json.dumps(key)} = {value(item)}" for key, item in one.items()) + "}"
        if isinstance(one, list):
            return "[" + ", ".join(map(value, one)) + "]"
        return json.dumps(one) if not isinstance(one, float) else repr(one)

    text = "\n".join(f"{key} = {value(one)}" for key, one in {**top, "step": steps}.items())
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    try:
        found = campaign_of(text, tmp_path / "c.toml")
    except ConfigurationError:
        return
    assert all("\n" not in line for line in found.problems)
