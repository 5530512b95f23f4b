"""What a run tells while it runs; whoever listens cannot disturb it."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest

import tsbench.extraction
import tsbench.protocols
import tsbench.station.bench.bench
from tests.fixtures.fake_runs import FakeBench, Sweep, raising
from tsbench.records import RunEvent, Waveform
from tsbench.station.runner import JsonLinesEvents, run_on
from tsbench.station.runner.events import PREVIEW, preview


@pytest.fixture
def bench() -> FakeBench:
    return FakeBench()


@pytest.fixture(autouse=True)
def no_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run, **_: ())


def test_a_listener_that_fails_does_not_end_the_run(bench: FakeBench, tmp_path: Path) -> None:
    outcome = run_on(bench, Sweep(), tmp_path, events=raising(BrokenPipeError()))  # type: ignore[arg-type]
    assert outcome.status == "success"


def test_events_as_json_lines(bench: FakeBench, tmp_path: Path) -> None:
    stream = io.StringIO()
    run_on(bench, Sweep(), tmp_path, events=JsonLinesEvents(stream))  # type: ignore[arg-type]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[0]["kind"] == "state" and lines[-1]["data"]["state"] == "done"
    assert set(lines[0]) == {"kind", "message", "time", "data"}
    stream = io.StringIO()
    events = JsonLinesEvents(stream)
    events(RunEvent("point", "", 0.0, {"values": [float("nan"), 1.0]}))
    events.flush()
    assert json.loads(stream.getvalue())["data"]["values"] == [None, 1.0]


def test_a_reader_that_went_away_is_no_reason_to_stop(bench: FakeBench, tmp_path: Path) -> None:
    stream = io.StringIO()
    stream.close()
    outcome = run_on(bench, Sweep(), tmp_path, events=JsonLinesEvents(stream))  # type: ignore[arg-type]
    assert outcome.status == "success"


@pytest.mark.skipif(os.name == "nt", reason="the size of a pipe is bounded here as on POSIX")
def test_a_reader_that_hangs_holds_up_no_measurement(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JsonLinesEvents.flush, "__defaults__", (0.1,))
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        os.write(writing, b" " * 60_000)  # the pipe is all but full, and nobody reads
        events = JsonLinesEvents(stream)
        for _ in range(20):
            events(RunEvent("log", "x" * 1000, 0.0))
        outcome = run_on(bench, Sweep(), tmp_path, events=events)  # type: ignore[arg-type]
        assert outcome.status == "success" and not bench.on
        os.close(reading)
        events.flush(5.0)  # until the writer has noticed


@pytest.mark.parametrize("length", [1, 2, 7, PREVIEW, PREVIEW + 1, 1999, 12_345])
def test_a_preview_shows_extremes_in_their_order_and_the_end(length: int) -> None:
    codes = np.random.default_rng(length).integers(-2000, 2000, length).astype(np.int16)
    codes[-1] = 3000  # what comes last is the highest
    record = Waveform("v", "V", codes[None], 1e-3, 0.5, 0.0, 1e-9, np.zeros(1))
    shown = preview(record)
    times, values = np.array(shown["time"]), np.array(shown["value"])
    assert len(times) <= PREVIEW and (np.diff(times) > 0).all()
    assert np.array_equal(values, (codes * 1e-3 + 0.5)[np.rint(times / 1e-9).astype(int)])  # samples, where they were
    assert times[0] == 0.0 and times[-1] == pytest.approx((length - 1) * 1e-9, rel=1e-6)
    assert values.min() == codes.min() * 1e-3 + 0.5 and values.max() == codes.max() * 1e-3 + 0.5


def test_a_falling_edge_falls_in_the_preview() -> None:
    codes = np.where(np.arange(10_000) < 5_003, 1000, 0).astype(np.int16)
    values = preview(Waveform("v", "V", codes[None], 1e-3, 0.0, 0.0, 1e-9, np.zeros(1)))["value"]
    assert (np.diff(values) <= 0).all()


def test_points_are_written_together_and_in_order_with_all_else() -> None:
    class Stream(io.StringIO):
        flushes = 0

        def flush(self) -> None:
            self.flushes += 1

    stream = Stream()
    events = JsonLinesEvents(stream, of_process=False)
    for number in range(40):
        events(RunEvent("point", "", 0.0, {"index": number}))
    events(RunEvent("state", "done"))
    events.flush()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["data"].get("index") for line in lines] == [*range(40), None] and stream.flushes < 10
    events(RunEvent("point", "", 0.0, {"index": 40}))
    events.close()  # what came before is still written
    events.flush()
    assert len(stream.getvalue().splitlines()) == 42
