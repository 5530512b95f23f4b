"""What people decide of a run is kept beside it, line by line, and leaves the run file as it is."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.archives.test_archive import run_file
from tsbench.errors import ConfigurationError, StorageError
from tsbench.storage import disk
from tsbench.storage.review import SUFFIX, Review, ReviewLine, decide, read_review, review_path


def test_a_decision_is_kept_and_the_run_file_is_not_changed(tmp_path: Path) -> None:
    path = run_file(tmp_path, 1)
    before = hashlib.sha256(path.read_bytes()).digest()
    assert read_review(path) == Review()
    decide(path, "star", user="Ann")
    decide(path, "reject", "the needle\n slipped", user="Bob")
    found = decide(path, "note", "measured µA by hand")
    assert (found.starred, found.rejected, found.notes) == (True, "the needle slipped", ("measured µA by hand",))
    assert [(one.kind, one.user) for one in found.decisions] == [("star", "Ann"), ("reject", "Bob"), ("note", "")]
    assert found.in_words() == "star; rejected (the needle slipped); note: measured µA by hand"
    found = [decide(path, kind) for kind in ("accept", "unstar")][1]
    assert (found.starred, found.rejected) == (False, "") and len(found.decisions) == 5
    assert found == read_review(path) and hashlib.sha256(path.read_bytes()).digest() == before
    assert review_path(path).name == f"run1{SUFFIX}"


@pytest.mark.parametrize(("kind", "text", "said"), [
    ("reject", " ", "state the reason of the rejection"), ("note", "", "a note needs a text"),
    ("burn", "", "there is no decision 'burn'. The decisions are star, unstar, reject, accept, note"),
    ("note", "x" * 4001, "the text has 4001 characters. 4000 are allowed"),
])
def test_what_is_no_decision_is_refused(kind: str, text: str, said: str, tmp_path: Path) -> None:
    path = run_file(tmp_path, 1)
    with pytest.raises(ConfigurationError, match=said):
        decide(path, kind, text)
    assert not review_path(path).exists()


def test_a_run_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="this run file does not exist"):
        decide(tmp_path / "gone.nxs", "star")
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_a_crash_left_in_part_is_told_and_the_next_decision_is_whole(tmp_path: Path) -> None:
    path = run_file(tmp_path, 1)
    decide(path, "reject", "noisy")
    review = review_path(path)
    review.write_bytes(review.read_bytes() + b'{"kind": "acc')
    found = decide(path, "star")
    assert (found.starred, found.rejected) == (True, "noisy")
    assert found.problem == f"{review}: line 2 cannot be read, so a decision may be missing. Correct or delete it"


def test_control_characters_of_a_review_reach_no_terminal(tmp_path: Path) -> None:
    path = run_file(tmp_path, 1)
    decide(path, "note", "a\x1b[31m red\u202e note")
    assert read_review(path).notes == ("a [31m red  note",)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_review_or_a_problem(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("review") / "run.nxs"
    review_path(path).write_bytes(content)
    found = read_review(path)
    assert all(isinstance(one, ReviewLine) for one in found.decisions)
    assert bool(found.problem) == (len(found.decisions) < sum(bool(line.strip()) for line in content.split(b"\n")))


def test_a_review_has_a_largest_size(tmp_path: Path) -> None:
    path = run_file(tmp_path, 1)
    review_path(path).write_bytes(b"\n" * (2**20 + 1))
    assert "too large for a review" in read_review(path).problem
    with pytest.raises(StorageError, match="would be larger than 1 MB"):
        decide(path, "star")


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run_file(tmp_path, 1)

    def full(descriptor: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write_all", full)
    with pytest.raises(StorageError, match="the disk is full"):
        decide(path, "star")
    assert not read_review(path).starred
