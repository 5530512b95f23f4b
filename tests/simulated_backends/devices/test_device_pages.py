"""The page of a device: what it must say, and that its plots are drawn from the device's own runs."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))   # the benchmarks are no package of the installation

from benchmarks.device_driven import PLOTS, comparator_loop
from benchmarks.device_pages import FOLDER, contents, figures, page
from benchmarks.device_runs import delays, oscillation, settings_of, sweep
from tsbench.simulated_backends.devices.catalogue import catalogue


def test_page_says_what_the_catalogue_knows_and_does_not(tmp_path: Path) -> None:
    entry = catalogue()["nb2o5"]
    told = figures("nb2o5", tmp_path / "nb2o5.png")
    text = page("nb2o5", entry, told)
    assert (tmp_path / "nb2o5.png").stat().st_size > 20_000
    assert "Threshold of the static curve: 1.750 V" in text
    assert all(f"| {p.name} | {p.value:g} | {p.unit} | {p.mark} |" in text for p in entry.parameters)
    assert all(item in text for item in entry.unknown)
    assert "the current spikes with a period of 7.6" in text


def test_runs_show_what_the_devices_do() -> None:
    voltage, current = sweep("vo2")
    assert voltage.max() == pytest.approx(1.2215, abs=5e-3)
    assert current.max() > 0.5e-3
    volts, delay = delays("vo2")
    assert (delay[:-1, 0] > delay[1:, 0]).all() and delay.shape == (volts.size, 1)
    found = oscillation("nbox_third_order")
    assert found is not None and found[3].kind == "bursting"
    assert oscillation("diode") is None


def test_every_device_has_circuits() -> None:
    for name, entry in catalogue().items():
        assert entry.mechanism in PLOTS or settings_of(name).peak > 0


@pytest.mark.parametrize(("name", "told"), [("nmos", "gate voltages are 1.1"), ("comparator", "up and down in 2 ms")])
def test_page_of_a_device_with_a_control_voltage(tmp_path: Path, name: str, told: str) -> None:
    text = page(name, catalogue()[name], figures(name, tmp_path / "page.png"))
    assert (tmp_path / "page.png").stat().st_size > 15_000
    assert told in text and all(item in text for item in catalogue()[name].unknown)
    loop_in, loop_out = comparator_loop()
    up = loop_in[np.flatnonzero(loop_out > 0.9)[0]]
    assert 7e-3 < up < 10e-3


@pytest.mark.parametrize("name", catalogue())
def test_stored_page_says_what_the_catalogue_says(name: str) -> None:
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    shown = text.partition("The plots show:\n\n")[2].partition("\n\n")[0]
    assert page(name, catalogue()[name], [line.removeprefix("* ") for line in shown.splitlines()]) == text


def test_stored_list_of_the_pages_says_what_the_catalogue_says() -> None:
    assert contents() == (FOLDER / "README.md").read_text("utf-8")
