"""Windows, by its error numbers: a scanner holds a file for a moment; a kernel is written by two processes at once."""

from pathlib import Path
from typing import Any

import pytest

from tsbench.simulated_backends.numerics import generated
from tsbench.storage import disk


class Held:
    """``Path.replace`` or ``Path.unlink`` of a file that another program holds for the first ``tries``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, tries: int, winerror: int | None = 32) -> None:
        self.calls = 0
        real = getattr(Path, name)

        def act(path: Path, *arguments: Any, **options: Any) -> Any:
            self.calls += 1
            if self.calls <= tries:
                error = PermissionError(13, "the process cannot access the file")
                error.winerror = winerror  # type: ignore[attr-defined]
                raise error
            return real(path, *arguments, **options)

        monkeypatch.setattr(Path, name, act)
        monkeypatch.setattr(disk.time, "sleep", lambda seconds: None)


def test_a_file_that_is_held_for_a_moment_is_moved_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    held = Held(monkeypatch, "replace", 3)
    disk.replace(one, other)
    assert other.read_text() == "1" and held.calls == 4
    held = Held(monkeypatch, "unlink", 3, 5)
    disk.remove(other)
    assert not other.exists() and held.calls == 4


@pytest.mark.parametrize(("tries", "winerror"), [(1000, 32), (1, None), (1, 19)])
def test_one_that_stays_held_or_is_forbidden_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tries: int, winerror: int | None
) -> None:
    (tmp_path / "one").write_text("1")
    held = Held(monkeypatch, "replace", tries, winerror)
    with pytest.raises(PermissionError):
        disk.replace(tmp_path / "one", tmp_path / "other")
    assert held.calls == (9 if tries > 1 else 1)


def test_of_two_processes_that_write_one_kernel_one_may_lose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TSBENCH_CACHE", str(tmp_path))
    Held(monkeypatch, "replace", 1)
    with pytest.raises(PermissionError):
        generated.load("value = 1", "kernel")  # held, and there is none
    assert generated.load("value = 1", "kernel").value == 1
    (path,) = (tmp_path / "tsbench" / "kernels").glob("kernel_*.py")
    written = tmp_path / "again.tmp"
    written.write_text("value = 2")
    Held(monkeypatch, "replace", 1)
    generated._put(written, path)
    assert path.read_text() == "value = 1" and not written.exists()
