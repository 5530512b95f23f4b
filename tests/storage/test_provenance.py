"""What a run says of the program that wrote it."""

import subprocess
from pathlib import Path

from tsbench.storage.provenance import git_state


def test_the_commit_is_that_of_a_working_copy_of_tsbench_only(tmp_path: Path) -> None:
    """Installed inside somebody else's repository, the program has no commit."""
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b", *arguments],
            check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "first")
    assert git_state(tmp_path) is None
    project = tmp_path / "pyproject.toml"
    project.write_text('name = "other"')
    assert git_state(tmp_path) is None
    project.write_text('name = "tsbench"')
    git("add", ".")
    git("commit", "-q", "-m", "second")
    inside = tmp_path / "folder"
    inside.mkdir()
    assert git_state(inside) == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    project.write_text('name = "tsbench" ')
    assert git_state(inside) == {"commit": git("rev-parse", "HEAD"), "dirty": True}
