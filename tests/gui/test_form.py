"""The form: made from the protocols' parameters, checked while one types."""

import runpy
from pathlib import Path

import pytest
from pydantic import Field

from tsbench.errors import ConfigurationError
from tsbench.protocols import PROTOCOLS, describe, protocol_named
from tsbench.protocols.registry import offered_protocol

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.display


@pytest.fixture
def panel(application):
    from tsbench.gui.run_panel import RunPanel

    made = RunPanel(PROTOCOLS.things())
    made.set_devices(["D1"])
    made.set_hindrance("")
    yield made
    made.deleteLater()


@pytest.mark.thin(2)
@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_the_form_of_a_protocol_starts_with_its_defaults_and_can_run(panel, name):
    panel.choose(name)
    assert panel.chosen().name == name
    assert panel.form.problems() == []
    assert panel.run.isEnabled()
    assert panel.form.settings() == {}
    typed = {key: value for key, value in panel.form.values().items() if value is not None}
    assert protocol_named(name).parse(typed) == protocol_named(name)()


def test_a_protocol_of_another_author_has_its_form(application):
    from tsbench.gui.run_panel import RunPanel

    declared = runpy.run_path(str(ROOT / "examples" / "plugins" / "lab_resistance.py"))["PROTOCOL"]
    made = RunPanel({"lab_resistance": declared})
    made.set_devices(["R1"])
    made.set_hindrance("")
    made.form.field("levels").set_text("0.5 V, 1 V, 2 V")
    assert made.form.problems() == [] and made.run.isEnabled()
    assert declared.parse(made.form.settings()).levels == (0.5, 1.0, 2.0)
    made.form.field("levels").set_text("0.5 V")
    assert not made.run.isEnabled()
    made.deleteLater()


def test_a_protocol_of_another_author_may_ask_for_text(application):
    from tsbench.gui.run_panel import RunPanel

    declared = runpy.run_path(str(ROOT / "examples" / "plugins" / "lab_resistance.py"))["PROTOCOL"]

    class Noted(declared):
        """Asks for two texts."""

        name = "noted"
        operator: str = Field(default="nobody", max_length=8, description="who measures")
        remark: str | None = Field(default=None, description="on the device")

    made = RunPanel(offered_protocol(Noted))
    made.set_devices(["R1"])
    made.set_hindrance("")
    form = made.form
    assert form.values()["operator"] == "nobody" and form.settings() == {} and made.run.isEnabled()
    assert form.field("operator").toolTip() == "Who measures"
    form.field("operator").setText("Ana")
    form.field("remark").setText("scratched")
    assert form.settings() == form.entries() == {"operator": "Ana", "remark": "scratched"}
    form.field("operator").setText("Anastasija")
    assert not made.run.isEnabled() and "at most 8 characters" in form.problems()[0]
    form.restore_defaults()
    form.set_entries({"remark": "old"})
    assert form.settings() == {"remark": "old"} and form.differences() == "remark old"
    made.deleteLater()


@pytest.mark.thin(2)
@pytest.mark.parametrize("name", PROTOCOLS.names())
def test_every_parameter_has_an_entry_with_help(panel, name):
    panel.choose(name)
    for parameter in describe(protocol_named(name))["parameters"]:
        assert parameter["help"].lower()[:20] in panel.form.field(parameter["name"]).toolTip().lower()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("200n", 200e-9),
        ("1.5 ms", 1.5e-3),
        ("2e-3", 2e-3),
        ("  10us ", 1e-5),
        ("0", 0.0),
    ],
)
def test_si_prefixes(panel, text, value):
    panel.choose("iv_sweep")
    panel.form.field("dwell").set_text(text)
    assert panel.form.values()["dwell"] == pytest.approx(value)
    assert panel.run.isEnabled()


@pytest.mark.parametrize(
    ("entry", "text", "said"),
    [
        ("dwell", "1 V", "the unit must be s"),
        ("dwell", "101", "at most 100 s"),
        ("dwell", "", "needs a value"),
        ("dwell", "fast", "not a quantity"),
        ("dwell", "inf", "finite"),
        ("cycles", "0", "at least 1"),
        ("cycles", "1.5", "whole number"),
        ("step", "0", "must be above 0 V"),
        ("compliance", "1 V", "the unit must be A"),
    ],
)
def test_a_wrong_entry_disables_run_and_says_why_under_it(panel, entry, text, said):
    panel.choose("iv_sweep")
    field = panel.form.field(entry)
    field.set_text(text)
    assert said in field.problem()
    assert not panel.run.isEnabled()
    assert field._entry.property("invalid") is True
    assert field._message.isVisibleTo(field)
    field.set_text("0.5" if entry == "step" else "5")   # a step is not longer than the sweep
    assert panel.form.problems() == []
    assert panel.run.isEnabled()
    assert field._entry.property("invalid") is False


def test_lists(panel):
    panel.choose("oscillation")
    bias = panel.form.field("bias")
    bias.set_text("1.8, 2.2V,2700m")
    assert panel.form.settings() == {"bias": [1.8, 2.2, 2.7]}
    bias.set_text("1.8, two")
    assert "two" in bias.problem()
    assert not panel.run.isEnabled()


def test_what_the_protocol_has_against_several_entries_is_shown(panel):
    panel.choose("iv_sweep")
    panel.form.field("start").set_text("1.2")
    assert any("equal" in problem for problem in panel.form.problems())
    assert not panel.run.isEnabled()


def test_units_and_defaults_follow_the_drive(panel):
    panel.choose("iv_sweep")
    panel.form.field("stop").set_text("1.5 V")
    panel.form.field("drive").set_value("current")
    assert panel.form.field("compliance").unit == "V"
    assert panel.form.field("compliance").value() == 2.0
    assert "the unit must be A" in panel.form.field("stop").problem()
    panel.form.field("stop").set_text("500u")
    assert panel.form.settings() == {"drive": "current", "stop": pytest.approx(500e-6)}
    panel.form.field("drive").set_value("voltage")
    assert panel.form.field("compliance").unit == "A"
    assert panel.form.field("compliance").value() == 1e-3


def test_what_the_form_gives_the_command_line_reads_back_exactly(panel):
    from tsbench.cli.measuring import parse_settings
    from tsbench.gui.runner_client import setting_text

    panel.choose("pulse_train")
    panel.form.field("amplitude").set_text("1.1, 1.15, 1.2000000001")
    panel.form.field("width").set_text("333.3333333333n")
    panel.form.field("probe").set_value(False)
    panel.form.field("trigger").set_value("external")
    words = [f"{name}={setting_text(value)}" for name, value in panel.form.settings().items()]
    assert set(parse_settings(words)) == {"amplitude", "width", "probe", "trigger"}
    read = protocol_named("pulse_train").parse(parse_settings(words))
    assert read.amplitude == (1.1, 1.15, 1.2000000001)
    assert read.width == pytest.approx(333.3333333333e-9, rel=1e-12)
    assert read.probe is False
    assert read.trigger == "external"


def test_nothing_can_be_run_while_something_hinders_it(panel):
    panel.set_hindrance("asking the instruments")
    assert not panel.run.isEnabled()
    panel.set_hindrance("")
    panel.set_devices([])
    assert not panel.run.isEnabled()
    panel.set_devices(["D1"])
    panel.out.setText(" ")
    assert not panel.run.isEnabled()


def test_an_optional_entry_may_stay_empty(application):
    from tsbench.gui.quantity_field import Bounds, QuantityField

    field = QuantityField("points", whole=True, optional=True, bounds=Bounds(2, 10))
    assert field.value() is None
    field.set_text("11")
    with pytest.raises(ConfigurationError, match="at most 10"):
        field.value()


def test_an_entry_is_one_number_and_needed_unless_it_says_otherwise(application):
    from tsbench.gui.quantity_field import Bounds, QuantityField

    field = QuantityField("stop", "V", bounds=Bounds(-1.0, 2.5))
    with pytest.raises(ConfigurationError, match="needs a value"):
        field.value()
    for text, value in (("2.5", 2.5), ("-1 V", -1.0), ("1500 mV", 1.5)):
        field.set_text(text)
        assert field.value() == value and field.problem() == ""
    for text, said in (("2.51", "must be at most 2.5 V"), ("-1.01", "must be at least -1 V")):
        field.set_text(text)
        assert field.problem() == said
    field.set_text("1, 2")
    assert field.problem()
    several = QuantityField("bias", "V", several=True, bounds=Bounds(None, 2.5))
    several.set_text("1; 2 V, -7")
    assert several.value() == [1.0, 2.0, -7.0]
    several.set_text(" , ")
    assert several.problem() == "needs at least one value"
    assert QuantityField("x", bounds=None).problem() == "needs a value"


def test_protocols_of_one_title_are_told_apart_by_their_names(application):
    from tsbench.gui.run_panel import RunPanel

    sweep = protocol_named("iv_sweep")
    made = RunPanel({"iv_sweep": sweep, "gentle_sweep": type("GentleSweep", (sweep,), {"name": "gentle_sweep"})})
    shown = [made.protocol.itemText(index) for index in range(made.protocol.count())]
    assert shown == ["I-V sweep (iv_sweep)", "I-V sweep (gentle_sweep)"]
    made.deleteLater()
