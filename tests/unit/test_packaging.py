"""What an editable install hides: a folder that the wheel would leave out."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
NOT_PACKAGED = {"tests", "benchmarks", "build", "dist", "docs", ".venv", ".ci"}


def test_every_folder_with_code_is_a_package() -> None:
    folders = {
        source.parent.relative_to(ROOT).as_posix()
        for source in ROOT.rglob("*.py")
        if source.relative_to(ROOT).parts[0] not in NOT_PACKAGED
    }
    assert folders == set(CONFIGURATION["package-dir"].values())


def test_every_mapped_folder_is_listed_and_no_other() -> None:
    assert set(CONFIGURATION["packages"]) == set(CONFIGURATION["package-dir"])


def test_data_files_are_declared() -> None:
    patterns = CONFIGURATION["package-data"]
    for name, folder in CONFIGURATION["package-dir"].items():
        for data in (ROOT / folder).iterdir():
            if data.suffix in {".toml", ".cir", ".typed"}:
                assert any(data.match(pattern) for pattern in patterns.get(name, [])), f"{data} would be left out"
