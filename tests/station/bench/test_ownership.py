"""An instrument has one owner; the second learns who that is and gets it when the first has gone."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tsbench.errors import ConfigurationError, InstrumentInUse
from tsbench.file_lock import FileLock
from tsbench.records import Identity
from tsbench.station.bench import ownership
from tsbench.station.bench.ownership import FOLDER, Ownership, lock_folder, one_instrument, this_process

METER = "USB0::0x05E6::0x2450::04309614::INSTR"
SCOPE = "TCPIP0::192.0.2.7::5025::SOCKET"

OTHER = """
import sys
from pathlib import Path
from tsbench.station.bench.ownership import Ownership, this_process
held = Ownership({"meter": sys.argv[1]}, this_process("other.bench.toml", switching_off=sys.argv[2] == "watchdog"))
held.tell("RUN7", Path("RUN7.address"))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    return tmp_path / "locks"


@contextmanager
def another_process(resource: str, kind: str = "measure") -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER, resource, kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        assert process.stdout.readline() == b"held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_two_spellings_of_one_instrument_have_one_owner_who_is_named_until_it_is_killed() -> None:
    mine = {"keithley": METER.replace("0x05E6", "1510"), "scope": SCOPE}
    with another_process(METER) as other:
        with pytest.raises(InstrumentInUse) as refused:
            Ownership(mine, this_process("mine.bench.toml"))
        said = str(refused.value)
        assert said.startswith(f"keithley ({mine['keithley']}) is in use by process {other.pid} of ")
        assert "RUN7" in said and "\n" not in said and refused.value.exit_code == 3
        assert refused.value.owner["bench"] == "other.bench.toml"
        Ownership({"scope": SCOPE}, this_process("mine.bench.toml")).release()  # nothing of mine was kept
        other.kill()
        other.wait()
        held = Ownership(mine, this_process("mine.bench.toml"))
        held.release()


def test_a_watchdog_that_switches_off_is_waited_for() -> None:
    with another_process(METER, "watchdog") as other:
        threading.Timer(0.3, other.kill).start()
        Ownership({"meter": METER}, this_process("mine.bench.toml")).release()


def test_an_instrument_named_twice_in_one_file_is_a_mistake(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="'a' and 'b' have the same address"):
        Ownership({"a": METER, "b": METER.lower()}, this_process("mine.bench.toml"))
    assert not folder.exists() or not list(folder.iterdir())


def test_addresses_of_one_instrument_that_are_made_known_as_such() -> None:
    addresses = ["TCPIP0::127.0.0.1::40001::SOCKET", "TCPIP0::127.0.0.1::hislip0,40002::INSTR"]
    both = [Ownership({"a": addresses[0]}, this_process("")), Ownership({"a": addresses[1]}, this_process(""))]
    for held in both:
        held.release()
    known = one_instrument(addresses)
    try:
        with another_process(addresses[0]), pytest.raises(InstrumentInUse):
            Ownership({"a": addresses[1]}, this_process(""))
    finally:
        for lock in known:
            lock.release()
    Ownership({"a": addresses[1]}, this_process("")).release()


def test_the_same_serial_number_at_another_address_is_left_alone() -> None:
    keithley = Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "04309614", "1.7")
    first, second = Ownership({"a": METER}, this_process("")), Ownership({"b": SCOPE}, this_process(""))
    first.identified("a", METER, keithley)
    told = r"serial number 04309614\).* Only a device clear and \*IDN\? were sent to it"
    with pytest.raises(InstrumentInUse, match=told):
        second.identified("b", SCOPE, keithley)
    second.identified("b", SCOPE, replace(keithley, serial="04309615"))
    second.identified("b", SCOPE, replace(keithley, serial="0"))  # says nothing
    first.release()
    second.release()


def test_a_lock_whose_record_is_being_written_is_waited_for(folder: Path) -> None:
    Ownership({"a": METER}, this_process("")).release()
    lock = FileLock(ownership.lock_path("usb 05e6:2450 04309614"), "")
    threading.Timer(0.2, lock.release).start()
    Ownership({"a": METER}, this_process("")).release()
    stale = json.dumps({"process": 2**22 + 1, "user": "", "command": "", "since": "", "bench": ""})
    path = ownership.lock_path("usb 05e6:2450 04309614")
    with FileLock(path, stale), pytest.raises(InstrumentInUse, match=r"by another process. Nothing was sent to it"):
        Ownership({"a": METER}, this_process(""))


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_all_users_share_one_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(FOLDER)
    monkeypatch.setattr(ownership, "_machine_folder", lambda: tmp_path)
    assert lock_folder() == tmp_path / "tsbench" and lock_folder().stat().st_mode & 0o7777 == 0o1777
    held = Ownership({"a": METER}, this_process(""))
    assert [path.stat().st_mode & 0o777 for path in lock_folder().iterdir()] == [0o666]
    held.release()
    monkeypatch.setenv(FOLDER, str(tmp_path / "a file" / "below"))
    (tmp_path / "a file").touch()
    with pytest.raises(ConfigurationError, match=FOLDER):
        Ownership({"a": METER}, this_process(""))


def test_the_folder_of_locks_may_be_made_by_two_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    named, looked = tmp_path / "above" / "locks", list[bool]()
    monkeypatch.setenv(FOLDER, str(named))
    assert lock_folder() == named and named.is_dir()   # what is above it was missing too
    there = Path.is_dir

    def late(path: Path, **more: bool) -> bool:
        """Answer once as it was before another process made the folder."""
        looked.append(True)
        return len(looked) > 1 and there(path, **more)

    monkeypatch.setattr(Path, "is_dir", late)
    assert lock_folder() == named


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_an_owner_that_is_stopped_still_owns() -> None:
    with another_process(METER) as other:
        other.send_signal(signal.SIGSTOP)
        with pytest.raises(InstrumentInUse, match=f"process {other.pid} "):
            Ownership({"a": METER}, this_process(""))
        other.send_signal(signal.SIGCONT)


def test_an_instrument_whose_other_door_closes_just_now_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the lock and the reading of what stands in it, the server has ended."""
    key = ownership.canonical_name(METER)
    monkeypatch.setattr(ownership, "is_held", lambda path: True)
    assert not ownership.lock_path(key, ".same").exists() and ownership._known_as(key) == key
