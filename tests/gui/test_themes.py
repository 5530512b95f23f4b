"""Dark and light: every text stands out, and what is open follows when the other theme is chosen."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("PyQt5", reason="needs PyQt5 (pip install tsbench[gui])")

#: (text, behind it) as the style sheet pairs them
PAIRS = [
    *((text, behind) for text in ("text", "dim", "good", "warning", "bad", "accent")
      for behind in ("background", "panel", "field")),
    ("text", "button"), ("text", "button_hover"), ("text", "button_checked"), ("text", "selection"),
    ("text", "progress"), ("run_text", "run"), ("run_text", "run_hover"), ("simulated_text", "warning"),
    ("real_text", "real"), ("dim", "button"),
]


@pytest.fixture
def themed(application: Any) -> Iterator[Any]:
    from tsbench.gui.palette import apply_palette

    yield application
    apply_palette(application)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_every_text_stands_out(name: str) -> None:
    from tsbench.gui.palette import THEMES, contrast

    colours = dataclasses.asdict(THEMES[name])
    poor = {pair: found for pair in PAIRS if (found := contrast(colours[pair[0]], colours[pair[1]])) < 4.5}
    curves = {one: found for one in colours["curves"] if (found := contrast(one, colours["field"])) < 4.5}
    assert not poor and not curves
    assert contrast("#ffffff", colours["stop"]) >= 4.5 and contrast("#ffffff", colours["stop_hover"]) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    from tsbench.gui.palette import contrast

    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0) and contrast("#123456", "#123456") == 1.0
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_what_is_open_takes_the_other_theme(themed: Any) -> None:
    from PyQt5 import QtGui

    from tsbench.gui.bench_panel import BenchPanel
    from tsbench.gui.palette import LIGHT, apply_palette, colours, scale, theme
    from tsbench.gui.run_view import RunView

    view, panel = RunView(), BenchPanel()
    view.say("broken <wire>", "problem")
    view.results.add_rows([{"quantity": "delay", "unit": "s", "value": 1.0, "low": 0.9, "high": 1.1, "method": "edge",
                            "flags": ["clipped"]}])
    panel.show_instruments([{"name": "smu", "roles": ["source"], "simulated": True}], ["smu"])
    panel.show_outputs({"smu": True})
    apply_palette(themed, "light", 1.5)
    assert (theme(), scale()) == ("light", 1.5) and colours() is LIGHT
    assert LIGHT.bad in view.log.document().toHtml() and view.log.toPlainText().endswith("broken <wire>")
    assert view.results.table.item(0, 3).foreground().color() == QtGui.QColor(LIGHT.warning)
    assert panel.outputs() == {"smu": True} and LIGHT.warning in panel._lamps["smu"].text()
    assert view.plot._plot.backgroundBrush().color() == QtGui.QColor(LIGHT.field)
    assert view.plot._plot.getAxis("left").textPen().color() == QtGui.QColor(LIGHT.dim)
    assert "font-size: 16pt" in themed.styleSheet() and LIGHT.panel in themed.styleSheet()
    for widget in (view, panel):
        widget.deleteLater()


def test_the_choice_stays_for_the_next_window(themed: Any) -> None:
    from PyQt5 import QtCore

    from tsbench.gui.palette import SCALES, scale, stored_look, theme
    from tsbench.gui.view_menu import ViewMenu

    menu = ViewMenu()
    dark, light = menu.themes.actions()
    larger, smaller, usual = menu.actions()[:3]
    assert dark.isChecked() and not light.isChecked()
    light.trigger()
    larger.trigger()
    assert (theme(), scale()) == ("light", 1.15) == stored_look()
    for _ in SCALES:
        larger.trigger()
    assert scale() == SCALES[-1]
    for _ in SCALES:
        smaller.trigger()
    assert scale() == SCALES[0]
    usual.trigger()
    dark.trigger()
    assert stored_look() == ("dark", 1.0)
    QtCore.QSettings().setValue("theme", "pink")
    QtCore.QSettings().setValue("text_scale", "huge")
    assert stored_look() == ("dark", 1.0)
    QtCore.QSettings().remove("theme")
    QtCore.QSettings().remove("text_scale")
    menu.deleteLater()
