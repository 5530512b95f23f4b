"""What an editable install hides: a folder that the wheel would leave out."""

import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import tsbench

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


def test_what_usb_instruments_need_without_a_vendors_visa_is_an_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert any(requirement.startswith("pyusb") for requirement in project["optional-dependencies"]["usb"])


def test_the_version_is_the_same_in_both_places() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == tsbench.__version__


def test_the_source_archive_holds_all_that_its_tests_need(tmp_path: Path) -> None:
    """Benchmarks, documentation and examples are used by tests, so they belong into the source archive."""
    copy = tmp_path / "tree"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if not (ROOT / name).is_file() or name.startswith("tests/corpus/"):
            continue
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    subprocess.run([sys.executable, "-W", "ignore", "-c", "from setuptools import setup; setup()", "-q", "sdist",
                    "--dist-dir", str(tmp_path / "dist")], cwd=copy, check=True, capture_output=True)
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as file:
        inside = {member.name.partition("/")[2] for member in file.getmembers() if member.isfile()}
    kept = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file() and ".egg-info" not in
            path.as_posix()}
    assert kept - inside <= {".gitignore"}
