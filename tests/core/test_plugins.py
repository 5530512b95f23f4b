"""What others add by entry points is found beside ours; what cannot be used is left out and named in one line."""

import itertools
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE
from tsbench import plugins
from tsbench.errors import ConfigurationError
from tsbench.plugins import ImportInterrupted, Registry, importing


def offered(declared: object) -> Mapping[str, int]:
    """Things of this test are numbers, by a name."""
    if not isinstance(declared, dict):
        raise ConfigurationError(f"{declared!r} is no table of numbers")
    return declared


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Registry[int]]]:
    """A registry of what is said to be installed: (distribution, name, module:attribute)."""
    for name, text in (
        ("numbers_of_mine", "ONE = {'one': 1}\nEVIL = {'one': 7}\nWRONG = 3\nFOLDERS = None\n"),
        ("cannot_be_read", "import nothing_of_this_name\n"),
        ("leaves", "import sys\nsys.exit(7)\n"), ("colours", "raise ValueError('\\x1b[31mred\\nlines')\n"),
        ("interrupts", "raise KeyboardInterrupt\n"), ("prints", "print('hello')\nTWO = {'two': 2}\n"),
        ("goes", "import os\nos.chdir(os.sep)\nTWO = {'two': 2}\n"),
        ("several", "ALL = ({'one': 1}, 3, {'one': 2}, {'two': 2})\n"),
    ):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    for name, text in (("", "from tsbench.plugins import Folders\nALL = Folders('many', 'THING')\n"),
                       ("a", "THING = {'a': 1}\n"), ("b", "raise ValueError('broken\\non purpose')\n"), ("c", ""),
                       ("d", "THING = {'d': 4}\n")):
        folder = tmp_path / "many" / name
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def make(*points: tuple[str, str, str], **more: bool) -> Registry[int]:
        found: list[Any] = []
        for distribution, name, value in points:
            point = EntryPoint(name, value, "tsbench.numbers")
            vars(point)["dist"] = SimpleNamespace(name=distribution, version="1.2")
            found.append(point)
        monkeypatch.setattr(plugins, "entry_points", lambda group: found if group == "tsbench.numbers" else [])
        return Registry("tsbench.numbers", "number", offered, **more)

    yield make


def test_each_folder_of_a_package_and_a_single_thing(installed: Callable[..., Registry[int]]) -> None:
    registry = installed(("mine", "one", "numbers_of_mine:ONE"), ("tsbench", "all", "many:ALL"))
    assert {name: (offer.thing, offer.distribution) for name, offer in registry.offers().items()} == {
        "a": (1, "tsbench 1.2"), "d": (4, "tsbench 1.2"), "one": (1, "mine 1.2")}
    assert list(registry.offers()) == ["a", "d", "one"]   # ours come first
    assert registry.problems() == (
        "number 'many.b' of tsbench 1.2 is left out: ValueError: broken on purpose (__init__.py, line 1)",)
    assert registry.named("d") == 4


@pytest.mark.parametrize(("value", "reason"), [
    ("cannot_be_read:X", "ModuleNotFoundError: No module named 'nothing_of_this_name' "
                         "(cannot_be_read.py, line 1)"),
    ("numbers_of_mine:NOTHING", "AttributeError: module 'numbers_of_mine' has no attribute 'NOTHING'"),
    ("numbers_of_mine:WRONG", "3 is no table of numbers"), ("leaves:X", "SystemExit: 7 (leaves.py, line 2)"),
    ("colours:X", "ValueError: [31mred lines (colours.py, line 1)"),
    ("", "its entry point is 'x = \"\"'. Write it as x = \"module:object\""),
    ("a b", "its entry point is 'x = \"a b\"'. Write it as x = \"module:object\""),
    ("numbers_of_mine:", "its entry point is 'x = \"numbers_of_mine:\"'. Write it as x = \"module:object\""),
    (":ONE", "its entry point is 'x = \":ONE\"'. Write it as x = \"module:object\""),
])
def test_what_cannot_be_used_is_one_line(
    installed: Callable[..., Registry[int]], value: str, reason: str,
) -> None:
    registry = installed(("mine", "one", "numbers_of_mine:ONE"), ("other", "x", value))
    assert registry.names() == ("one",)
    assert registry.problems()[0] == f"number 'x' of other 1.2 is left out: {reason}"


def test_one_line_stands_for_all_that_a_module_declares(
    installed: Callable[..., Registry[int]], caplog: pytest.LogCaptureFixture,
) -> None:
    registry = installed(
        ("mine", "one", "numbers_of_mine:ONE"), *(("other", f"x{n}", f"colours:X{n}") for n in range(20)),
        ("other", "y", "numbers_of_mine:Y"), ("other", "z", "numbers_of_mine:Z"),
        ("third", "a", "colours:A"), ("third", "b", "colours:B"))
    reason = "is left out: ValueError: [31mred lines (colours.py, line 1)"
    missing = "is left out: AttributeError: module 'numbers_of_mine' has no attribute"
    lines = (
        f"number 'x0' of other 1.2 {reason}. 19 more of this module are left out for the same reason",
        f"number 'y' of other 1.2 {missing} 'Y'", f"number 'z' of other 1.2 {missing} 'Z'",
        f"number 'a' of third 1.2 {reason}. 1 more of this module is left out for the same reason")
    assert registry.problems()[:4] == lines
    assert tuple(record.getMessage() for record in caplog.records) == lines


def test_an_unknown_name_is_refused_with_the_nearest_and_what_was_left_out(
    installed: Callable[..., Registry[int]],
) -> None:
    registry = installed(("mine", "one", "numbers_of_mine:ONE"), ("other", "two", "numbers_of_mine:WRONG"))
    with pytest.raises(ConfigurationError) as caught:
        registry.named("onne")
    assert "unknown number 'onne'" in str(caught.value) and "one" in str(caught.value)
    assert "Number 'two' of other 1.2 is left out: 3 is no table of numbers" in str(caught.value)


def test_a_group_without_ours_says_that_the_installation_is_old(installed: Callable[..., Registry[int]]) -> None:
    registry = installed(("mine", "one", "numbers_of_mine:ONE"))
    with pytest.raises(ConfigurationError, match=r"Known: one\. The installation of tsbench registers no number\. "
                                                 r"Install"):
        registry.named("two")
    assert Registry("tsbench.no_such_group", "thing", offered).names() == ()


def test_an_interruption_names_the_plug_in_that_was_imported(installed: Callable[..., Registry[int]]) -> None:
    registry = installed(("other", "x", "interrupts:X"))
    with pytest.raises(ImportInterrupted, match=r"^interrupted while number 'x' of other 1\.2 was imported by the "
                                                r"module itself, which raised KeyboardInterrupt\."):
        registry.names()


def test_a_signal_during_an_import_blames_no_plug_in() -> None:
    for interrupted in (lambda: signal.raise_signal(signal.SIGINT), lambda: [0 for _ in _until_a_signal()],
                        _raised_again):
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(ImportInterrupted) as caught, importing("driver 'a'"):
                interrupted()
            assert str(caught.value) == "interrupted while driver 'a' was imported"
        finally:
            signal.signal(signal.SIGINT, handler)


def _raised_again() -> None:
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt as error:
        raise error.with_traceback(None)   # noqa: B904 - as a compiler does that cleans up first


def _until_a_signal() -> Iterator[int]:
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
    yield from itertools.count()


def test_what_a_plug_in_prints_goes_to_standard_error(
    installed: Callable[..., Registry[int]], capsys: pytest.CaptureFixture[str],
) -> None:
    assert installed(("other", "x", "prints:TWO")).names() == ("two",)
    assert capsys.readouterr() == ("", "hello\n")


def test_a_plug_in_that_changes_the_working_folder_changes_it_for_its_import_alone(
    installed: Callable[..., Registry[int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert installed(("other", "x", "goes:TWO")).names() == ("two",)
    assert Path.cwd() == tmp_path
    assert caplog.messages[0] == (
        f"the import of number 'x' of other 1.2 changed the working folder to {tmp_path.anchor}. tsbench changed it "
        f"back to {tmp_path}")


def test_a_warning_is_one_line_while_a_plug_in_is_imported_and_has_its_usual_form_afterwards() -> None:
    usual = warnings.formatwarning
    with importing("driver 'a'"):
        assert warnings.formatwarning("old\nmodule", UserWarning, "a.py", 3) == (
            "tsbench: driver 'a' gives a warning when it is imported: old module (UserWarning in a.py, line 3)\n")
    assert warnings.formatwarning is usual


def test_a_name_that_two_packages_of_others_offer_means_neither(installed: Callable[..., Registry[int]]) -> None:
    registry = installed(("first", "x", "numbers_of_mine:ONE"), ("second", "y", "numbers_of_mine:EVIL"))
    assert registry.names() == ()
    with pytest.raises(ConfigurationError, match=r"unknown number 'one'.* second 1\.2 offers the same name"):
        registry.named("one")
    assert registry.problems()[:2] == (
        "number 'y' of second 1.2 is left out: the name 'one' already belongs to first 1.2. Choose another name",
        "number 'one' of first 1.2 is left out: second 1.2 offers the same name. Uninstall one of the two packages")


def test_one_wrong_thing_of_a_sequence_leaves_the_others(installed: Callable[..., Registry[int]]) -> None:
    registry = installed(("tsbench", "x", "several:ALL"), many=True)
    assert registry.things() == {"one": 1, "two": 2}
    assert registry.problems() == (
        "number 'x' of tsbench 1.2 is left out: 3 is no table of numbers",
        "number 'x' of tsbench 1.2 is left out: the name 'one' already belongs to tsbench 1.2. Choose another name")


def test_a_sequence_is_one_thing_where_several_are_not_said(installed: Callable[..., Registry[int]]) -> None:
    registry = installed(("tsbench", "x", "several:ALL"))
    assert registry.things() == {} and len(registry.problems()) == 1
    assert "is no table of numbers" in registry.problems()[0]


def test_two_threads_that_import_at_the_same_time_leave_the_output_where_it_was() -> None:
    """The instruments of a bench are opened at the same time, and each opening imports its driver."""
    output, begun, go_on = sys.stdout, threading.Event(), threading.Event()

    def import_meanwhile() -> None:
        with importing("driver 'b'"):
            begun.set()
            assert go_on.wait(PATIENCE)

    other = threading.Thread(target=import_meanwhile)
    with importing("driver 'a'"):
        other.start()
        assert begun.wait(PATIENCE) and sys.stdout is sys.stderr
    assert sys.stdout is sys.stderr  # the other one still imports
    go_on.set()
    other.join(PATIENCE)
    assert sys.stdout is output
