"""Where a service is found, and when there is none."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tsbench.errors import ConfigurationError
from tsbench.file_lock import FileLock
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.service import place as module
from tsbench.station.service.place import ServicePlace, living_service, place_of
from tsbench.storage.run_address import write_address


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServicePlace]:
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    yield place_of(tmp_path / "bench.toml")


def _holding(place: ServicePlace, process: int) -> FileLock:
    return FileLock(place.lock, json.dumps({"process": process, "user": "ada"}))


def test_one_bench_has_one_place_however_it_is_written(place: ServicePlace, tmp_path: Path) -> None:
    assert place_of(tmp_path / "x" / ".." / "bench.toml") == place != place_of(tmp_path / "other.toml")


def test_an_address_counts_only_with_its_service(place: ServicePlace) -> None:
    write_address(place.address, {"process": os.getpid(), "port": 1})
    assert living_service(place.bench) is None  # nobody holds the lock: that service was killed
    with _holding(place, 4711):
        assert living_service(place.bench) is None  # another one comes, and has not written its own yet
    with _holding(place, os.getpid()):
        assert living_service(place.bench) == {"process": os.getpid(), "port": 1}


def test_the_service_of_another_user_is_named(place: ServicePlace, monkeypatch: pytest.MonkeyPatch) -> None:
    write_address(place.address, {"process": 4711})
    monkeypatch.setattr(module, "is_mine", lambda path: False)
    with _holding(place, 4711), pytest.raises(ConfigurationError, match="process 4711 of ada"):
        living_service(place.bench)
