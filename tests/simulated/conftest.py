"""Copies of the example benches, each with its own witness file, for tests that measure on them."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tsbench.protocols import protocol_named
from tsbench.records import Run, RunEvent

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@dataclass
class Measured:
    """What a run left: its outcome, its file as read back, the events told, and what the witness wrote."""

    outcome: Any
    run: Run
    events: list[RunEvent]
    witness: list[dict[str, Any]]

    def values(self, quantity: str) -> list[Any]:
        return [result for result in self.outcome.results if result.quantity == quantity]

    def warnings(self) -> list[str]:
        return [event.message for event in self.events if event.kind == "warning"]


Measure = Callable[..., Measured]


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Return a function that runs a protocol on a copy of an example bench.

    ``replace`` are pairs of text to change in the world file: another device, another wire.
    """
    from tsbench.runner import run_protocol
    from tsbench.storage import read_run

    def run(
        bench: str, protocol: str, parameters: dict[str, Any] | None = None, *,
        replace: tuple[tuple[str, str], ...] = (), device: str = "D1", **options: Any,
    ) -> Measured:
        folder = tmp_path / f"{bench}_{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for kind in ("bench", "world"):
            shutil.copy(EXAMPLES / f"{bench}.{kind}.toml", folder)
        world = folder / f"{bench}.world.toml"
        text = world.read_text("utf-8")
        for old, new in replace:
            assert old in text, f"{old} is not in {world.name}"
            text = text.replace(old, new)
        world.write_text(text, "utf-8")
        witness = folder / "witness.jsonl"
        monkeypatch.setenv("TSBENCH_WITNESS", str(witness))
        events: list[RunEvent] = []
        outcome = run_protocol(
            folder / f"{bench}.bench.toml", device, protocol_named(protocol).parse(parameters or {}), folder / "runs",
            events=events.append, **options)
        lines = witness.read_text("utf-8").splitlines() if witness.exists() else []
        assert outcome.path is not None
        return Measured(outcome, read_run(outcome.path), events, [json.loads(line) for line in lines])

    return run
