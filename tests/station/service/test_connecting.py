"""A client finds the service that takes the place of one that was killed."""

import argparse
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tsbench.cli.measuring import uses_service
from tsbench.errors import ConfigurationError
from tsbench.file_lock import FileLock
from tsbench.station.service import client
from tsbench.station.service.place import living_service, place_of


def _facts_of_a_dead_service() -> dict[str, Any]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return {"bench": "b.toml", "host": "127.0.0.1", "port": free.getsockname()[1], "token": "t", "process": 1}


def test_the_address_of_a_dead_service_is_not_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [{"alive": True}, _facts_of_a_dead_service()]
    real = client.ServiceClient
    monkeypatch.setattr(client, "living_service", lambda bench: known.pop())
    monkeypatch.setattr(client, "_LOOK", 0.0)
    monkeypatch.setattr(client, "ServiceClient", lambda facts, view: "new" if facts.get("alive") else real(facts, view))
    found: Any = client.connect(Path("b.toml"), start=False)
    assert found == "new" and not known


def test_a_service_that_stays_away_is_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    facts = _facts_of_a_dead_service()
    monkeypatch.setattr(client, "living_service", lambda bench: facts)
    monkeypatch.setattr(client, "_COMING", 0.1)
    with pytest.raises(client.ServiceLost, match="cannot be reached"):
        client.connect(Path("b.toml"), start=False)
    monkeypatch.setattr(client, "living_service", lambda bench: None)
    with pytest.raises(ConfigurationError, match=r"b\.toml: the bench file does not exist"):
        client.connect(tmp_path / "b.toml", start=False)
    (tmp_path / "b.toml").write_text("", "utf-8")
    with pytest.raises(ConfigurationError, match="no bench service runs"):
        client.connect(tmp_path / "b.toml", start=False)


def test_a_service_whose_address_is_gone_is_told_and_nobody_measures_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    bench = tmp_path / "b.toml"
    bench.write_text("", "utf-8")
    place = place_of(bench)
    monkeypatch.setattr(client, "_COMING", 0.1)
    with FileLock(place.lock, json.dumps({"process": 15953, "user": "root"})):
        assert living_service(bench) is None
        assert uses_service(argparse.Namespace(alone=False, station=False), bench)
        with pytest.raises(ConfigurationError, match=r"process 15953 of root.* is missing"):
            client.connect(bench, start=False)
