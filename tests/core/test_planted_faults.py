"""What the benchmarks that plant faults draw, and where they plant it."""

import ast
import runpy
from pathlib import Path

import pytest

from benchmarks.driver_faults import KINDS, changed, places_in, places_of
from benchmarks.driver_mutations import changes
from benchmarks.mutations import ROOT, package_at

DRIVER = '''
class Output:
    """:OUTP:COMP OFF is prose."""

    repeatable = (":OUTP:STATE?", ":VOLT:OFFS?")
    zeroing = (":OUTP{ch}:STATE OFF", ":VOLT:OFFS 0")

    def send(self, channel, level, wait):
        self.require_channel(channel)
        self.set_up(channel)
        self.note(f"the level is {short_quantity(level, 'V')}")
        if channel > 2:
            raise LimitError(f"there is no channel {channel}: OUTP:LOAD OFF")
        self.write(f":VOLT {format_number(level)}")
        self.write(f":TRIG {channel},{wait / 1000.0:g}")
        found = self.ask_number(":VOLT?")
        self.check_errors()
        self.check_errors()
        self.levels[channel] = self.accepted(f"channel {channel} level", level, found, "V", absolute=level * 1e-3)
        require_in_range(f"{self.name}, output {channel}", f"level of {channel}", level, self.allowed)
        subject = f"{self.label} channel {channel}"
        self.on.add(channel)
        self.set_output(False)
        return Reading(level)

    def set_output(self, enabled) -> None:
        text = f":OUTP {'ON' if enabled else 'OFF'}"
        self.write(text)
        if self.ask_switch(":OUTP?"):
            raise InstrumentError("it did not switch")

    def safe_state(self) -> None:
        try:
            for one in self.outputs:
                one.write(":OUTP OFF")
        except CommunicationError:
            self.retry()

    def output_states(self):
        return [OutputState("1", self.ask_switch(":OUTP?"))]
'''


@pytest.mark.parametrize(("kind", "expected"), [
    ("scale", ["level is sent 1000 times too large", "ask_number(':VOLT?') is taken 1000 times too small",
               "level of a Reading is 1000 times too large", "the factor of wait / 1000.0 is left out",
               "wait / 1000.0 is written 1000 times too large"]),
    ("part", ["':OUTP{ch}:STATE OFF' becomes ':OUTP{ch} OFF'", "':OUTP{ch}:STATE OFF' is not sent",
              "':VOLT:OFFS 0' is not sent", "':VOLT:OFFS 0' becomes ':VOLT 0'",
              "write(f':VOLT {format_number(level)}') is not sent",
              "write(f':TRIG {channel},{wait / 1000.0:g}') is not sent", "write(text) is not sent",
              "one.write(':OUTP OFF') is not sent",
              "f':TRIG {channel},{wait / 1000.0:g}' ends before its last comma"]),
    ("channel", ["{channel} of f':TRIG {_other_channel(channel)},{wait / 1000.0:g}' is the other channel",
                 "on.add(channel) is for the other channel", "set_up(channel) is for the other channel",
                 "levels[channel] is that of the other channel"]),
    ("read-back", ["f'channel {channel} level' is not read back", "'ask_switch(':OUTP?')' is not looked at",
                   "send() does not read the errors"]),
    ("output", ["':OUTP OFF' becomes ':OUTP ON'", "':OUTP{ch}:STATE OFF' becomes ':OUTP{ch}:STATE ON'",
                "'ON' if enabled else 'OFF' is exchanged", "an output that send() switches off is switched on",
                "set_output(False) of send() is left out", "':OUTP{ch}:STATE OFF' is not sent by a table",
                "':VOLT:OFFS 0' is not sent by a table", "one.write(':OUTP OFF') of safe_state() is left out",
                "write(text) of set_output() is left out",
                "Output.safe_state() returns before it switches off",
                "Output.set_output() returns before it switches off",
                "safe_state() leaves out the last of outputs", "ask_switch(':OUTP?') is reported as off",
                "on.add(channel) of send() is left out", "what safe_state() does after an error is left out"]),
])
def test_each_kind_of_fault_of_a_driver(kind: str, expected: list[str], tmp_path: Path) -> None:
    """Neither docstrings, nor errors, nor what only a person reads, nor tolerances are places of a fault."""
    file = tmp_path / "driver.py"
    file.write_text(DRIVER, "utf-8")
    found = [changed(DRIVER, KINDS[kind][way], place)
             for way, places in places_in(file, kind).items() for place in places]
    assert sorted(said.replace("self.", "") for _, said, _ in found) == sorted(expected)
    for line, said, text in found:
        assert text != ast.unparse(ast.parse(DRIVER)) and 5 < line <= len(DRIVER.splitlines()), said
        compile(text, "driver.py", "exec")


def test_the_other_channel_is_that_of_its_pair(tmp_path: Path) -> None:
    text = next(text for _, said, text in [changed(DRIVER, KINDS["channel"]["given"], place) for place in places_of(
        DRIVER, KINDS["channel"]["given"])] if "set_up" in said)
    found = runpy.run_path(str(_written(tmp_path / "driver.py", f"Range = list\n{text}")))["_other_channel"]
    assert [found(one) for one in (1, 2, 201, "a", "smu1", "pmu2")] == [2, 1, 202, "b", "smu2", "pmu1"]


def _written(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


def test_changes_repeat_with_their_seed_and_every_kind_has_as_many() -> None:
    first, second = (list(changes(5, 5)) for _ in range(2))
    assert first == second and len({(one.path, one.line, one.what) for one in first}) == 5
    assert sorted(one.what.partition(":")[0] for one in first) == sorted(KINDS)
    for one in first:
        assert one.path.startswith("instruments/") and one.text != (ROOT / one.path).read_text("utf-8")


def test_the_copy_of_the_package_has_its_data(tmp_path: Path) -> None:
    """Without them, the tests of an instrument fail with a change and without it, and none is counted."""
    package_at(tmp_path)
    for name, folder in runpy.run_path(str(ROOT / "setup.py"))["packages"]().items():
        wanted = {file.name for file in (ROOT / folder).iterdir() if file.suffix in {".py", ".toml", ".cir", ".lua"}}
        if folder != ".":
            assert wanted <= {file.name for file in (tmp_path / name.replace(".", "/")).iterdir()}, folder
