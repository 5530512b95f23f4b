"""Few children read many files; what one file does to its child is no concern of the others."""

import os
from pathlib import Path

import pytest

from tests.storage.test_storage_run_file import header, waveform
from tsbench.errors import UnreadableFile
from tsbench.storage import reading_children, record_data
from tsbench.storage.reading_children import ReadingChild, ReadingChildren
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.run_file import read_run


@pytest.mark.thorough
def test_runs_come_in_their_order_and_bad_files_are_told(tmp_path: Path) -> None:
    paths = []
    for number in range(4):
        with RunRecorder(tmp_path, header(run_id=f"r{number}", planned_points=0), durability="process") as recorder:
            recorder.waveform(waveform(samples=10 + number))
            paths.append(recorder.finish("success"))
    (bad := tmp_path / "bad.nxs").write_bytes(paths[0].read_bytes()[:3000])
    asked = [paths[0], bad, tmp_path / "none.nxs", *paths[1:]]
    with ReadingChildren(2) as children:
        answers = list(children.runs(asked))
    assert [path for path, _ in answers] == asked
    for path, answer in answers:
        if path in paths:
            assert record_data.run_digest(answer) == record_data.run_digest(read_run(path))
        else:
            assert isinstance(answer, UnreadableFile) and str(path) in str(answer)


def test_a_child_that_dies_or_hangs_is_replaced(tmp_path: Path) -> None:
    with RunRecorder(tmp_path, header(planned_points=0), durability="process") as recorder:
        path = recorder.finish("success")
    child = ReadingChild()
    try:
        assert child.ask("entries", [[str(path), ""]], 2**26)[0]["facts"][1] == "iv_sweep"
        first = child._process
        assert first is not None
        first.kill()
        with pytest.raises(UnreadableFile, match="crashed while it read the file"):
            child.ask("read", str(path), 2**26)
        assert child.ask("read", str(path), 2**26)["status"] == "success"
        if os.name == "posix":
            os.mkfifo(tmp_path / "pipe")   # opening it waits for ever
            with pytest.raises(UnreadableFile, match="took longer than 1 s"):
                child.ask("entries", [[str(tmp_path / "pipe"), ""]], 2**26, seconds=1.0)
        assert child.ask("read", str(path), 2**26)["status"] == "success"
    finally:
        child.close()


def test_the_culprit_of_a_batch_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(_: object, command: str, argument: list[list[str]], largest: int) -> list[dict[str, str]]:
        if any("bad" in path for path, _ in argument):
            raise UnreadableFile("it crashed")
        return [{"problem": ""} for _ in argument]

    monkeypatch.setattr(reading_children.ReadingChild, "ask", ask)
    batch = [(tmp_path / name, None) for name in ("a", "bad", "b")]
    with ReadingChildren(1) as children:
        assert list(children.entries([batch])) == [[{"problem": ""}, {"problem": "it crashed"}, {"problem": ""}]]
