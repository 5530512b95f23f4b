"""What the benchmarks that plant faults draw, and where they plant it."""

import random
import runpy
from pathlib import Path

import pytest

from benchmarks.driver_mutations import KINDS, changes_of, draw
from benchmarks.mutations import ROOT, package_at

DRIVER = '''
class Output:
    """:OUTP:COMP OFF is prose."""

    def send(self, channel, level, unit):
        self.write(f":OUTP{channel}:LOAD INF")
        self.note(f"the level is {short_quantity(level, unit)}")
        if channel > 2:
            raise LimitError(f"there is no channel {channel}: OUTP:LOAD OFF")
        self.write(f":VOLT {format_number(level)}")
        level = self.ask_number(":VOLT?")
        self.accepted(f"channel {channel} level", level, level, "V")
        require_in_range(f"{self.name}, output {channel}", f"level of {channel}", level, self.levels)
        subject = f"{self.label} channel {channel}"
        self.write(":OUTP OFF")
        self.set_output(False)
'''


@pytest.mark.parametrize(("kind", "expected"), [
    ("channel", ["{channel} of a message names the other channel"]),
    ("scale", ["level is sent 1000 times too large"]),
    ("reading", ["self.ask_number(':VOLT?') is taken 1000 times too small"]),
    ("read-back", ["f'channel {channel} level' is not read back"]),
    ("output", ["an output that is switched off is switched on", "':OUTP OFF' becomes ':OUTP ON'"]),
])
def test_each_kind_of_fault_of_a_driver(kind: str, expected: list[str], tmp_path: Path) -> None:
    """Neither docstrings, nor errors, nor numbers with their units are faults of a message."""
    file = tmp_path / "driver.py"
    file.write_text(DRIVER, "utf-8")
    found = list(changes_of(file, kind))
    assert sorted(said for _, said, _ in found) == sorted(expected)
    for line, _, text in found:
        assert text != DRIVER and 5 < line < 18
        compile(text, "driver.py", "exec")


def test_draws_repeat_with_their_seed_and_change_a_driver() -> None:
    first, second = (draw(random.Random(5)) for _ in range(2))
    assert first == second and first.path.startswith("instruments/")
    assert first.what.partition(":")[0] in KINDS
    assert first.text != (ROOT / first.path).read_text("utf-8")


def test_the_copy_of_the_package_has_its_data(tmp_path: Path) -> None:
    """Without them, the tests of an instrument fail with a change and without it, and none is counted."""
    package_at(tmp_path)
    for name, folder in runpy.run_path(str(ROOT / "setup.py"))["packages"]().items():
        wanted = {file.name for file in (ROOT / folder).iterdir() if file.suffix in {".py", ".toml", ".cir", ".lua"}}
        if folder != ".":
            assert wanted <= {file.name for file in (tmp_path / name.replace(".", "/")).iterdir()}, folder
