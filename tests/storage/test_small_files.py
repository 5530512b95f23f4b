"""The files beside a run: its address, extractions, what the watchdog did; and a journal that lost its name."""

import errno
import json
import os
from pathlib import Path

import pytest

from tsbench.errors import StorageError, UnreadableFile
from tsbench.file_lock import FileLock
from tsbench.records import Result
from tsbench.storage import disk, run_address, sidecar, watchdog_events
from tsbench.storage.journal import rescue
from tsbench.storage.journal.writer import LOCK_SUFFIX


def test_an_address_is_for_its_user_alone_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.address"
    path.with_name("a.address.part").write_text("left by a crash")
    run_address.write_address(path, {"port": 5})
    assert run_address.read_address(path) == {"port": 5} and [p.name for p in tmp_path.iterdir()] == ["a.address"]
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600
    for text in ("[1]", "{", '{"a": "' + 2**14 * "x" + '"}'):
        path.write_text(text)
        assert run_address.read_address(path) is None
    path.write_text('{"a": "' + (2**14 - 9) * "x" + '"}')
    assert path.stat().st_size == 2**14 and run_address.read_address(path) is not None
    assert run_address.read_address(tmp_path / "none") is None


def test_a_run_that_goes_on_holds_its_lock(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / f"{name}{run_address.ADDRESS_SUFFIX}").touch()
    (tmp_path / f"c{LOCK_SUFFIX}").touch()
    held = [FileLock(tmp_path / f"{name}{LOCK_SUFFIX}", "") for name in ("b", "a")]
    assert [path.name for path in run_address.living_runs(tmp_path)] == ["a.address", "b.address"]
    for lock in held:
        lock.release()
    assert run_address.living_runs(tmp_path) == []


FOUND = [Result("hold_voltage", "V", 0.5, 0.4, 0.6, "step", {"cycle": 1})]


def test_extractions_are_numbered_and_belong_to_the_content_of_their_run(tmp_path: Path) -> None:
    run = tmp_path / "run[1].nxs"
    run.write_bytes(b"a run")
    first = sidecar.append_extraction(run, FOUND, {"level": 1e-6})
    second = sidecar.append_extraction(run, [])
    assert [path.name for path in (first, second)] == ["run[1].extraction-002.json", "run[1].extraction-003.json"]
    assert sidecar.extractions(run) == [first, second]
    assert list(sidecar.read_extraction(first)) == FOUND and sidecar.read_extraction(second) == ()
    assert sidecar.inspect_extraction(first) == ""
    content = json.loads(first.read_text("utf-8"))
    assert content["parameters"] == {"level": 1e-6} and content["input"]["file"] == run.name
    first.write_text(json.dumps({**content, "date": "another"}), "utf-8")
    with pytest.raises(UnreadableFile, match="the file was changed after tsbench wrote it"):
        sidecar.read_extraction(first)
    old = {name: value for name, value in content.items() if name != "sha256"}
    first.write_text(json.dumps(old), "utf-8")
    with pytest.raises(UnreadableFile, match="the file was changed after tsbench wrote it"):
        sidecar.read_extraction(first)
    first.write_text(json.dumps({**old, "schema": 1}), "utf-8")
    assert list(sidecar.read_extraction(first)) == FOUND and "schema 1" in sidecar.inspect_extraction(first)
    run.write_bytes(b"another run")
    with pytest.raises(UnreadableFile, match=r"from another version of .* Run 'tsbench analyse' again"):
        sidecar.read_extraction(second)
    run.unlink()
    assert sidecar.read_extraction(second) == ()   # an extraction may be kept without its run


@pytest.mark.parametrize("text", ["[]", '{"kind": "other"}', "no JSON"])
def test_what_is_no_extraction(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")
    with pytest.raises((UnreadableFile, StorageError)):
        sidecar.read_extraction(path)
    with pytest.raises(UnreadableFile):
        sidecar.read_extraction(tmp_path / "none.json")


def test_an_extraction_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run.nxs"
    run.write_bytes(b"a run")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "sync_data", full)
    with pytest.raises(StorageError):
        sidecar.append_extraction(run, FOUND)
    assert sidecar.extractions(run) == []


def test_what_the_watchdog_did_is_read_back_with_its_time(tmp_path: Path) -> None:
    journal = tmp_path / "run.tsj"
    assert watchdog_events.read_watchdog_events(journal, 3.0) == ()
    path = watchdog_events.watchdog_path(journal)
    watchdog_events.write_watchdog_events(path, "watchdog: silence", {"killed": True})
    (event,) = watchdog_events.read_watchdog_events(journal, 3.0)
    assert (event.kind, event.message, event.time) == ("output", "watchdog: silence", 3.0)
    assert event.data["killed"] is True and event.data["utc"] and [p.name for p in tmp_path.iterdir()] == [path.name]
    path.write_text("[]")
    (event,) = watchdog_events.read_watchdog_events(journal, 3.0)
    assert event.kind == "warning" and "cannot be read" in event.message


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files where they are")
def test_a_journal_that_lost_its_name_is_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    path = folder / "run.tsj"
    content = {".tsj": b"points" * 1000, ".tsw": b""}
    descriptors = {}
    for suffix, data in content.items():
        descriptors[suffix] = os.open(path.with_suffix(suffix), os.O_RDWR | os.O_CREAT)
        os.write(descriptors[suffix], data)
    rescue.require_named(descriptors[".tsj"], path)
    path.rename(folder / "renamed.tsj")
    with pytest.raises(StorageError, match="it was deleted or renamed"):
        rescue.require_named(descriptors[".tsj"], path)
    path.write_bytes(b"another")
    with pytest.raises(StorageError, match="another file has its name"):
        rescue.require_named(descriptors[".tsj"], path)
    target, made = rescue.put_back(descriptors, path)
    assert target == folder / "run-rescued.tsj" and set(made) == set(content)
    for suffix, data in content.items():
        assert target.with_suffix(suffix).read_bytes() == data
        os.write(made[suffix], b"more")
        assert target.with_suffix(suffix).read_bytes() == data + b"more"
    path.unlink()
    path.with_suffix(".tsw").unlink()
    again, more = rescue.put_back(descriptors, path)
    assert again == path and path.read_bytes() == content[".tsj"]
    folder.rename(tmp_path / "moved")
    with pytest.raises(StorageError, match="its folder was deleted or renamed"):
        rescue.require_named(descriptors[".tsj"], path)
    for descriptor in (*descriptors.values(), *made.values(), *more.values()):
        os.close(descriptor)


def test_a_journal_that_no_place_takes_is_not_called_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rescue, "_copied", full)
    with pytest.raises(StorageError, match=r"to a new file either \(No space left on device\). If the file run.tsj was "
                                           r"moved or renamed, its data are still in it") as caught:
        rescue.put_back({}, tmp_path / "run.tsj")
    assert "are kept" not in str(caught.value)


def test_only_a_journal_keeps_what_was_stored_before(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "full")
    assert "All data stored so far are kept" in str(disk.storage_error(full, tmp_path / "a", "the journal", kept=True))
    said = str(disk.storage_error(full, tmp_path / "a", "the extraction", kept=False))
    assert "kept" not in said and "recover" not in said and said.endswith("Free some space, then try again")


def test_an_extraction_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "run.extraction-002.json"
    for content, said in ((b"{", "not valid JSON"), (b"\xff", "not UTF-8 text"),
                          (b'{"kind": "tsbench extraction"}', "because 'input' is missing"),
                          (b'{"kind": "tsbench extraction", "input": {"file": "a.nxs", "sha256": ""}, "results": [1]}',
                           "the stored result has no named fields")):
        path.write_bytes(content)
        with pytest.raises(UnreadableFile, match=rf"run.extraction-002.json: .*{said}"):
            sidecar.read_extraction(path)
