"""Generated modules: where they are kept, and that a module is written once and used again."""

import os
import stat
import sys
from pathlib import Path

import pytest

from tsbench.simulated_backends.numerics import generated
from tsbench.simulated_backends.numerics.generated import cache_folder, load


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root and Windows write anywhere")
def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    monkeypatch.setenv("TSBENCH_CACHE", str(tmp_path))
    assert tmp_path not in cache_folder().parents


def test_the_cache_folder_is_where_the_user_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSBENCH_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "tsbench" / "kernels"


def test_a_cache_folder_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    monkeypatch.setenv("TSBENCH_CACHE", str(tmp_path / "file"))
    folder = cache_folder()
    assert folder.is_dir() and tmp_path not in folder.parents
    folder.rmdir()


def test_a_cache_below_the_home_folder_where_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TSBENCH_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for system, below in (("linux", ".cache"), ("darwin", "Library/Caches")):
        monkeypatch.setattr(sys, "platform", system)
        assert cache_folder() == tmp_path / below / "tsbench" / "kernels"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the generated modules, empty; what it loads is forgotten afterwards."""
    monkeypatch.setenv("TSBENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return tmp_path / "tsbench" / "kernels"


def test_a_module_is_written_once_and_used_again(kept: Path) -> None:
    module = load("number = 5", "five")
    (file,) = kept.glob("*.py")
    assert module.number == 5 and module.__name__ == file.stem and file.stem.startswith("five_")
    assert load("number = 5", "five") is module
    assert load("number = 6", "five").number == 6 and len(list(kept.glob("*.py"))) == 2
    del sys.modules[file.stem]
    written = file.stat().st_mtime_ns
    again = load("number = 5", "five")   # another process
    assert again is not module and again.number == 5 and sys.modules[file.stem] is again
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize("there", [True, False])
def test_a_module_that_another_process_reads_serves_too(
    kept: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """Windows refuses to replace a file that is open."""
    def refused(self: Path, target: Path) -> None:
        if there:
            target.write_text("number = 7", "utf-8")
        raise PermissionError

    monkeypatch.setattr(Path, "replace", refused)
    if there:
        assert load("number = 7", "seven").number == 7
    else:
        with pytest.raises(PermissionError):
            load("number = 7", "seven")
    assert not list(kept.glob("*.tmp"))


def test_a_changed_source_needs_another_module(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load("number = 8", "eight")
    monkeypatch.setattr(generated, "stamp_of_all_sources", lambda: "changed")
    assert load("number = 8", "eight") is not before
