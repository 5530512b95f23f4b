"""The tour is the trace of one guarded act, and the trace stays short."""

import gc
from collections.abc import Mapping

import pytest

from benchmarks.tour import MOST_FILES, MOST_MOVES, PAGE, Act, acts, page, traced
from tsbench.netlist.values import parse_value

WRITE = "python -m benchmarks.tour --write"


@pytest.fixture(scope="module")
def found() -> Mapping[str, Act]:
    return acts()


def test_the_page_is_the_trace(found: Mapping[str, Act]) -> None:
    assert PAGE.read_text("utf-8") == page(found), f"the tour has changed; write it again: {WRITE}"


def test_the_same_act_takes_the_same_way_again(found: Mapping[str, Act]) -> None:
    assert page(acts()) == page(found)


def test_a_finalizer_of_another_object_is_no_part_of_the_act() -> None:
    class Discarded:
        def __init__(self) -> None:
            self.myself = self

        def __del__(self) -> None:
            parse_value("1")

    def act() -> None:
        Discarded()
        keep = [[number] for number in range(5 * gc.get_threshold()[0])]
        del keep

    Discarded()
    assert traced(act).calls == ()
    assert gc.isenabled()


@pytest.mark.parametrize("name", ["set_level", "measure"])
def test_it_begins_at_the_guard_and_passes_the_wire(found: Mapping[str, Act], name: str) -> None:
    files = found[name].files
    assert files[0] == "instruments/guard/source_meter.py"
    wire = files.index("instruments/links/transport.py")
    assert all(file.startswith("instruments/") for file in files[: wire + 1])
    assert files[wire + 1] == "simulated_backends/access/pyvisa_hook/library.py"


@pytest.mark.parametrize("name", ["set_level", "measure"])
def test_an_act_moves_seldom_between_files(found: Mapping[str, Act], name: str) -> None:
    assert found[name].moves <= MOST_MOVES


@pytest.mark.parametrize("name", ["set_level", "measure"])
def test_an_act_enters_few_files(found: Mapping[str, Act], name: str) -> None:
    assert len(found[name].files) <= MOST_FILES


@pytest.mark.parametrize("name", ["set_level", "measure"])
def test_the_driver_s_side_of_the_wire_is_short(found: Mapping[str, Act], name: str) -> None:
    """Seven files stand between a protocol and the wire: guard, limits, driver, its ranges, SCPI, messages, link."""
    ours = [file for file in found[name].files if file.startswith("instruments/")]
    assert len(ours) <= 9
