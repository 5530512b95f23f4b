"""The lock files of instruments, step by step: whom they name, how long another owner is waited for."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.errors import ConfigurationError, InstrumentInUse
from tsbench.file_lock import FileBusy
from tsbench.records import Identity
from tsbench.station.bench import ownership
from tsbench.station.bench.ownership import FOLDER, Owner, Ownership, take, this_process

ME = Owner(os.getpid(), "me", "tsbench gui", "2026-11-28 10:00:00", "b.toml")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    return tmp_path / "locks"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time: it passes only where it is waited for."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        assert 0.0 < seconds <= 0.1
        now[0] += seconds

    monkeypatch.setattr(ownership, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    return now


def test_an_owner_in_half_a_line() -> None:
    assert ME.line == f"process {os.getpid()} of me ('tsbench gui') since 2026-11-28 10:00:00"
    running = Owner(7, "you", "tsbench", "now", "b.toml", run="RUN1")
    assert running.line == "process 7 of you ('tsbench', run RUN1) since now" and not running.switching_off


@pytest.mark.parametrize(("words", "command"), [
    (["/usr/lib/tsbench/__main__.py", "gui"], "tsbench gui"), (["/opt/my script.py", "/a/b"], "my script.py /a/b"),
    ([], "python"), (["x", 200 * "y"], f"x {118 * 'y'}"),
])
def test_the_command_of_this_process(monkeypatch: pytest.MonkeyPatch, words: list[str], command: str) -> None:
    monkeypatch.setattr("sys.argv", words)
    assert this_process("b.toml").command == command and this_process("b.toml").switching_off is False


def test_a_user_without_a_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(ownership.getpass, "getuser", nobody)
    assert this_process("").user == str(os.getuid()) if hasattr(os, "getuid") else "an unknown user"


def test_the_name_of_a_lock_file_is_short_and_its_own(folder: Path) -> None:
    path = ownership.lock_path("lan 127.0.0.1:5025")
    words, _, code = path.stem.rpartition("-")
    assert (path.parent, words, path.suffix, len(code)) == (folder, "lan_127_0_0_1_5025", ".lock", 12)
    long = ownership.lock_path(100 * "a" + "1", ".same")
    assert long.name.startswith(60 * "a" + "-") and long.suffix == ".same"
    assert long != ownership.lock_path(100 * "a" + "2", ".same")


def test_several_addresses_have_one_name_as_long_as_that_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    path, held = ownership.lock_path("door", ".same"), [True]
    monkeypatch.setattr(ownership, "is_held", lambda asked: asked == path and held[0])
    assert ownership._known_as("door") == "door"   # it has just gone
    for content, name in ((b"front\n", "front"), (b" \n", "door"), (b"\xff\xfe", "door")):
        path.write_bytes(content)
        assert ownership._known_as("door") == name
    path.write_bytes(b"front")
    held[0] = False
    assert ownership._known_as("door") == "door"


@pytest.mark.parametrize(("error", "lives"), [
    (None, True), (ProcessLookupError(), False), (PermissionError(), True), (OverflowError(), True)])
def test_whether_a_process_lives(monkeypatch: pytest.MonkeyPatch, error: Exception | None, lives: bool) -> None:
    asked: list[tuple[int, int]] = []

    def kill(process: int, number: int) -> None:
        asked.append((process, number))
        if error is not None:
            raise error

    monkeypatch.setattr(ownership.os, "kill", kill)
    assert ownership._lives(1234) is lives and asked == [(1234, 0)]
    assert (ownership._owner(ownership._text(ME)) == ME) is lives


def busy(monkeypatch: pytest.MonkeyPatch, clock: list[float], record: str, free_at: float = 1e9) -> list[float]:
    """Let a lock be held by another until an instant; return when it was tried."""
    tried: list[float] = []

    def lock(path: Path, content: str, mode: int) -> str:
        tried.append(clock[0])
        assert mode == 0o666 and ownership._owner(content) is not None
        if clock[0] < free_at:
            raise FileBusy(record)
        return "the lock"

    monkeypatch.setattr(ownership, "FileLock", lock)
    return tried


def test_a_record_that_is_being_written_is_waited_for_a_second(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    busy(monkeypatch, clock, "{half", free_at=100.9)
    assert take("a", "meter", ME) == "the lock" and clock[0] == pytest.approx(100.9, abs=0.06)
    clock[0] = 100.0
    busy(monkeypatch, clock, "{half")
    with pytest.raises(InstrumentInUse, match=r"meter is in use by another process. Nothing was sent to it") as caught:
        take("a", "meter", ME)
    assert 101.0 <= clock[0] < 101.1 and "process" not in caught.value.owner
    clock[0] = 100.0
    tried = busy(monkeypatch, clock, ownership._text(ME))
    with pytest.raises(InstrumentInUse, match=f"in use by process {os.getpid()} of me") as caught:
        take("a", "meter", ME, sent="Only *IDN? was sent")
    assert tried == [100.0] and caught.value.owner["process"] == os.getpid() and "Only" in str(caught.value)


def test_a_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ownership, "FileLock", denied)
    with pytest.raises(ConfigurationError, match="Permission denied") as caught:
        take("a", "meter", ME)
    assert FOLDER in str(caught.value)


class Taken:
    """Stands for locks: which are held."""

    def __init__(self, held: list[str], key: str) -> None:
        self.held, self.key = held, key
        held.append(key)

    def release(self) -> None:
        self.held.remove(self.key)


@pytest.mark.parametrize(("lasts", "gets_it"), [(44.0, True), (46.0, False)])
def test_a_watchdog_that_switches_off_is_waited_for_and_nothing_is_held_meanwhile(
    monkeypatch: pytest.MonkeyPatch, clock: list[float], lasts: float, gets_it: bool
) -> None:
    held: list[str] = []
    resources = {"b": "GPIB0::2::INSTR", "a": "GPIB0::1::INSTR"}

    def taking(key: str, subject: str, owner: Owner) -> Taken:
        assert owner is ME and subject.startswith(("a (GPIB0::1", "b (GPIB0::2"))
        if len(held) == 1 and clock[0] < 100.0 + lasts:
            raise InstrumentInUse("in use", {"switching_off": True})
        return Taken(held, key)

    monkeypatch.setattr(ownership, "take", taking)
    if gets_it:
        mine = Ownership(resources, ME)
        assert held == sorted(held) and len(held) == 2   # in one order, whatever the bench file's is
        mine.release()
        mine.release()
        assert held == []
    else:
        with pytest.raises(InstrumentInUse):
            Ownership(resources, ME)
        assert held == [] and 145.0 <= clock[0] < 145.2
    clock[0] = 100.0

    def refusing(key: str, subject: str, owner: Owner) -> Taken:
        raise InstrumentInUse("in use", {"switching_off": False})

    monkeypatch.setattr(ownership, "take", refusing)
    with pytest.raises(InstrumentInUse):
        Ownership(resources, ME)
    assert clock[0] == 100.0   # another owner is not waited for


@pytest.mark.parametrize(("resource", "serial", "asked"), [
    ("TCPIP0::192.0.2.7::5025::SOCKET", "04309614", True), ("TCPIP0::192.0.2.7::5025::SOCKET", " 0 00", False),
    ("TCPIP0::192.0.2.7::5025::SOCKET", "", False), ("TCPIP0::127.0.0.1::5025::SOCKET", "04309614", False),
])
def test_an_instrument_is_owned_by_its_serial_number_too(
    monkeypatch: pytest.MonkeyPatch, resource: str, serial: str, asked: bool
) -> None:
    taken: list[tuple[str, str]] = []

    def taking(key: str, subject: str, owner: Owner, sent: str = "") -> Any:
        taken.append((key, sent))
        return SimpleNamespace(release=lambda: None)

    monkeypatch.setattr(ownership, "take", taking)
    mine = Ownership({"meter": resource}, ME)
    mine.identified("meter", resource, Identity("KEITHLEY", "MODEL 2450", serial, "1"))
    assert len(taken) == 1 + asked
    if asked:
        assert taken[1][0] == "serial number keithley model 2450 04309614" and "*IDN?" in taken[1][1]
        mine.identified("other", resource, Identity("K", "M", serial, "1"))   # not of this bench: it may be any program
        assert len(taken) == 2
