"""What an editable install hides: a folder that the wheel would leave out."""

import runpy
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import tsbench

ROOT = Path(__file__).resolve().parents[2]
OTHERS = ROOT / "examples" / "plugins"  #: a project of its own
NOT_PACKAGED = {"tests", "benchmarks", "build", "dist", "docs", ".venv", ".ci", "setup.py"}
DATA = {".toml", ".cir", ".lua", ".pyi", ".typed", ".html", ".css", ".js"}


def packages() -> dict[str, str]:
    """What setup.py computes."""
    found: dict[str, str] = runpy.run_path(str(ROOT / "setup.py"))["packages"]()
    return found


def test_every_folder_with_code_is_a_package() -> None:
    folders = {
        source.parent.relative_to(ROOT).as_posix()
        for source in ROOT.rglob("*.py")
        if source.relative_to(ROOT).parts[0] not in NOT_PACKAGED and not source.is_relative_to(OTHERS)
    }
    assert folders == set(packages().values())


def test_the_wheel_holds_every_file_of_code_and_data(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-W", "ignore", "setup.py", "-q", "bdist_wheel", "--dist-dir", str(tmp_path)],
                   cwd=_copy(tmp_path / "tree"), check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {
        f"{name.replace('.', '/')}/{source.name}"
        for name, folder in packages().items()
        for source in (ROOT / folder).iterdir() if source.suffix in {".py", *DATA}
    }
    assert inside == wanted


def _copy(copy: Path) -> Path:
    """Copy what is tracked."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if not (ROOT / name).is_file() or name.startswith("tests/corpus/"):
            continue
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    return copy


def test_what_usb_instruments_need_without_a_vendors_visa_is_an_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert any(requirement.startswith("pyusb") for requirement in project["optional-dependencies"]["usb"])


def test_the_version_is_the_same_in_both_places() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == tsbench.__version__


def test_the_source_archive_holds_all_that_its_tests_need(tmp_path: Path) -> None:
    """Benchmarks, documentation and examples are used by tests, so they belong into the source archive."""
    copy = _copy(tmp_path / "tree")
    subprocess.run([sys.executable, "-W", "ignore", "setup.py", "-q", "sdist", "--dist-dir", str(tmp_path / "dist")],
                   cwd=copy, check=True, capture_output=True)
    (archive,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as file:
        inside = {member.name.partition("/")[2] for member in file.getmembers() if member.isfile()}
    kept = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file() and ".egg-info" not in
            path.as_posix()}
    assert kept - inside <= {".gitignore"}
