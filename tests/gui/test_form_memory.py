"""What was typed stays: when another protocol is looked at, and in the next window."""

import pytest

from tsbench.protocols import PROTOCOLS

pytestmark = pytest.mark.display


@pytest.fixture
def opened(application):
    """Return a function that makes a run panel as a new window on a bench does."""
    from tsbench.gui.form_memory import FormMemory
    from tsbench.gui.run_panel import RunPanel

    made = []

    def panel(bench):
        made.append(RunPanel(PROTOCOLS.things()))
        made[-1].open_bench(["D1", "D2"], FormMemory(bench))
        made[-1].set_hindrance("")
        return made[-1]

    yield panel
    for one in made:
        one.deleteLater()


def compliance(panel):
    return panel.form.values()["compliance"]


def test_another_protocol_and_back(opened, tmp_path):
    panel = opened(tmp_path / "a.bench.toml")
    panel.choose("iv_sweep")
    panel.form.field("compliance").set_text("10 uA")
    panel.form.field("nplc").set_text("what")  # what cannot be read yet is kept too
    for other in PROTOCOLS.names():
        panel.choose(other)
    panel.choose("iv_sweep")
    assert compliance(panel) == pytest.approx(1e-5)
    assert panel.form.field("nplc").text() == "what"
    assert "compliance 10 uA" in panel._differences.text()
    assert panel.form.settings()["compliance"] == pytest.approx(1e-5)


def test_choices_and_the_units_that_follow_from_them(opened, tmp_path):
    panel = opened(tmp_path / "a.bench.toml")
    panel.choose("iv_sweep")
    panel.form.field("drive").set_value("current")
    panel.form.field("stop").set_text("20 uA")
    before = panel.form.values()
    panel.choose("oscillation")
    panel.choose("iv_sweep")
    assert panel.form.values() == before
    assert panel.form.problems() == []


def test_the_next_window_on_the_same_bench_starts_where_the_last_one_ended(opened, tmp_path):
    from tsbench.gui.form_memory import FormMemory

    bench, another = tmp_path / "a.bench.toml", tmp_path / "b.bench.toml"
    first = opened(bench)
    first.choose("iv_sweep")
    first.form.field("compliance").set_text("10 uA")
    first.choose("pulse_train")
    first.device.setCurrentText("D2")
    first.out.setText(str(tmp_path / "here"))
    second = opened(bench)
    assert second.chosen().name == "pulse_train"
    assert second.device.currentText() == "D2"
    assert second.out.text() == str(tmp_path / "here")
    second.choose("iv_sweep")
    assert compliance(second) == pytest.approx(1e-5)
    third = opened(another)
    assert third.chosen().name == "iv_sweep"   # nothing was chosen on this bench yet
    assert third.form.entries() == {}
    third.open_bench(["D1"], FormMemory(bench))
    third.choose("iv_sweep")
    assert compliance(third) == pytest.approx(1e-5)


def test_defaults_come_back_when_asked_for_and_only_then(opened, tmp_path):
    panel = opened(tmp_path / "a.bench.toml")
    panel.choose("iv_sweep")
    default = compliance(panel)
    panel.form.field("compliance").set_text("10 uA")
    assert panel.defaults.isVisibleTo(panel)
    panel.defaults.click()
    assert compliance(panel) == default
    assert not panel.defaults.isVisibleTo(panel) and not panel._differences.isVisibleTo(panel)
    assert opened(tmp_path / "a.bench.toml").form.entries() == {}


def test_what_is_remembered_of_parameters_that_there_are_no_more_harms_nothing(opened, tmp_path):
    from tsbench.gui.form_memory import FormMemory

    memory = FormMemory(tmp_path / "a.bench.toml")
    memory.keep_entries("iv_sweep", {"gone": "1 V", "drive": "steam", "nplc": "2"})
    memory.keep_choices({"protocol": "gone", "device": "gone"})
    panel = opened(tmp_path / "a.bench.toml")
    panel.choose("iv_sweep")
    assert panel.form.entries() == {"nplc": "2"}


def test_an_empty_list_is_no_difference(opened, tmp_path):
    panel = opened(tmp_path / "a.bench.toml")
    for protocol in ("pulse_train", "iv_sweep", "temperature_series"):
        panel.choose(protocol)
        assert panel.form.entries() == {} and panel.form.differences() == ""
    panel.form.field("levels").set_text("0 V, 1 V")
    assert panel.form.entries() == {"levels": "0 V, 1 V"}
