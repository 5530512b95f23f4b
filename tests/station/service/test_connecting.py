"""A client finds the service that takes the place of one that was killed."""

import socket
from pathlib import Path
from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.station.service import client


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


def test_a_service_that_stays_away_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = _facts_of_a_dead_service()
    monkeypatch.setattr(client, "living_service", lambda bench: facts)
    monkeypatch.setattr(client, "_COMING", 0.1)
    with pytest.raises(client.ServiceLost, match="cannot be reached"):
        client.connect(Path("b.toml"), start=False)
    monkeypatch.setattr(client, "living_service", lambda bench: None)
    with pytest.raises(ConfigurationError, match="no bench service runs"):
        client.connect(Path("b.toml"), start=False)
