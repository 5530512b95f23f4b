"""Figures for a paper: a column wide, without titles, legible, fonts embedded; those of the lab book do not change."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from tsbench.analysis.figures import label, new_figure, save
from tsbench.analysis.figures.looks import COLUMN, LAB_BOOK, OKABE_ITO, PAPER, drawn_as, finish
from tsbench.errors import ConfigurationError


def panels(simulated: bool = False) -> Any:
    figure = new_figure("a title", 10.0, 4.6, simulated)
    left, right = figure.subplots(1, 2)
    left.plot(np.linspace(0, 2e-6, 50), np.linspace(0, 3e-3, 50), "o", markersize=10, label="first")
    right.loglog([1e-9, 1e-3], [1.0, 10.0], label="second")
    label(left, "time", "s", "current", "A")
    label(right, "gap", "s", "resistance", "Ohm")
    left.set_title("a result", fontsize=9)
    left.legend(fontsize=5, loc="upper left")
    return figure


def test_a_paper_has_stacked_panels_a_column_wide_without_titles() -> None:
    with drawn_as(PAPER):
        figure = panels()
        finish(figure)
    left, right = figure.axes
    assert figure.get_size_inches()[0] == pytest.approx(8.6 / 2.54)
    assert figure.get_suptitle() == "" and left.get_title() == ""
    figure.draw_without_rendering()
    above, below = (axes.get_position() for axes in (left, right))
    assert above.y0 > below.y1 and above.width > 0.6


def test_units_stand_at_the_axes_with_one_prefix_and_all_text_has_eight_points() -> None:
    with drawn_as(PAPER):
        figure = panels()
        finish(figure)
        figure.draw_without_rendering()
    left, right = figure.axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("time (\u00b5s)", "current (mA)")
    assert (right.get_xlabel(), right.get_ylabel()) == ("gap (s)", "resistance (\u03a9)")
    ticks = [text.get_text() for text in left.get_xticklabels()]
    assert {"0", "1", "2"} <= set(ticks)
    texts = [*left.get_xticklabels(), left.xaxis.label, left.yaxis.label, *left.get_legend().get_texts()]
    assert {text.get_fontsize() for text in texts} == {8.0}
    assert left.lines[0].get_markersize() == pytest.approx(7.0)


def test_panels_that_share_an_axis_keep_the_unit_on_both() -> None:
    with drawn_as(PAPER):
        figure = new_figure("pulse", 8.5, 5.2, False)
        upper, lower = figure.subplots(2, 1, sharex=True)
        upper.plot([0, 1e-6], [0, 1])
        lower.plot([0, 1e-6], [0, 1])
        label(upper, "", "s", "voltage", "V")
        label(lower, "time", "s", "current", "A")
        finish(figure)
    assert lower.get_xlabel() == "time (\u00b5s)" and upper.get_xlabel() == ""


def test_a_legend_over_the_data_goes_above_the_panel() -> None:
    with drawn_as(PAPER):
        figure = new_figure("", 6.0, 4.0, False)
        axes = figure.subplots()
        for number in range(20):   # no corner is free
            axes.plot([0, 1], [number, number], label="line" if number < 2 else None)
        axes.legend(loc="upper left")
        finish(figure)
        figure.draw_without_rendering()
    box = axes.get_legend().get_window_extent()
    assert box.y0 >= axes.get_window_extent().y1 - 1


def test_simulated_data_stay_marked_in_a_paper() -> None:
    with drawn_as(PAPER):
        figure = panels(simulated=True)
        finish(figure)
    assert "simulated" in [text.get_text() for text in figure.texts]


def test_files_of_a_paper_are_vector_graphics_with_embedded_fonts(tmp_path: Path) -> None:
    with drawn_as(PAPER):
        paths = save(panels(), tmp_path / "a.png")
    assert [path.name for path in paths] == ["a.pdf", "a.svg"]
    pdf, svg = paths[0].read_bytes(), paths[1].read_text("utf-8")
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf   # TrueType, embedded
    assert "<text" not in svg and "font-family" not in svg


def test_the_lab_book_is_not_changed_and_the_context_ends(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    with drawn_as(PAPER):
        assert mpl.rcParams["font.size"] == 8.0
    assert dict(mpl.rcParams) == before
    with drawn_as(LAB_BOOK):
        figure = panels()
        finish(figure)
    assert figure.get_suptitle() == "a title" and figure.get_size_inches().tolist() == [10.0, 4.6]
    assert [path.name for path in save(figure, tmp_path / "b.png")] == ["b.png"]


def test_a_style_of_the_user_goes_before_the_look(tmp_path: Path) -> None:
    style = tmp_path / "mine.mplstyle"
    style.write_text("axes.labelsize: 13\naxes.grid: True\n", "utf-8")
    for look in (LAB_BOOK, PAPER):
        with drawn_as(look, style):
            figure = panels()
            finish(figure)
        assert figure.axes[0].xaxis.label.get_fontsize() == 13.0
    assert figure.get_size_inches()[0] == pytest.approx(COLUMN)
    for wrong in (tmp_path / "none.mplstyle", "no style"):
        with pytest.raises(ConfigurationError, match="neither a readable file"), drawn_as(PAPER, wrong):
            pass


def test_the_colours_differ_in_grey_or_in_their_markers() -> None:
    assert len(set(OKABE_ITO)) == 7
