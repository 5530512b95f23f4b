"""A single run is charged to the record of its device, as the runs of a campaign are."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tsbench.errors import LimitError, StorageError
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.campaign import campaign
from tsbench.station.device_record import DeviceRecords, Dose
from tsbench.station.runner import run_on, run_protocol
from tsbench.station.runner.running import RunningRun

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
CONTACT = {"levels": 5, "nplc": 0.01, "dwell": 0.001}


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """Return the file of a bench with a device record and a budget of 16 cycles: a contact of 5 levels takes 11."""
    shutil.copy(EXAMPLES / "nbo2.world.toml", tmp_path)
    text = (EXAMPLES / "nbo2.bench.toml").read_text("utf-8")
    path = tmp_path / "nbo2.bench.toml"
    path.write_text(f'device_record = "record"\n{text}\n[device.budget]\ncycles = 16\n', "utf-8")
    return path


def contact() -> Any:
    return protocol_named("first_contact").parse(CONTACT)


def test_a_run_is_charged_and_settled_and_the_budget_holds(bench: Path, tmp_path: Path) -> None:
    outcome = run_protocol(bench, "D1", contact(), tmp_path / "runs")
    records = DeviceRecords(tmp_path / "record")
    life = records.life("D1")
    assert (outcome.status, life.runs, life.open) == ("success", 1, {})
    assert life.used.cycles == 11 and 0 < life.used.max_voltage < 0.11
    charge, settle = (content for kind, content in records.history("D1") if kind in ("charge", "settle"))
    assert charge["id"] == settle["id"] == outcome.run_id and charge["protocol"] == "first_contact"
    with pytest.raises(LimitError, match=r"first_contact: D1: the cycles of this step may be 11.*Nothing was sent"):
        run_protocol(bench, "D1", contact(), tmp_path / "runs")
    assert records.life("D1").used.cycles == 11 and len(list((tmp_path / "runs").glob("*.tsj"))) == 0


def test_a_run_whose_process_dies_stays_charged(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(RunningRun, "to_its_end", die)
    with pytest.raises(Killed), Bench.open(bench, "D1") as opened:
        run_on(opened, contact(), tmp_path / "runs")
    life = DeviceRecords(tmp_path / "record").life("D1")
    assert life.runs == 0 and life.used.cycles == 11


def test_a_retired_device_is_not_measured(bench: Path, tmp_path: Path) -> None:
    DeviceRecords(tmp_path / "record").set_state("D1", "retired", "done")
    with pytest.raises(LimitError, match="D1 is retired in the device record"):
        run_protocol(bench, "D1", contact(), tmp_path / "runs")


def test_the_run_of_a_campaign_is_charged_once(bench: Path, tmp_path: Path) -> None:
    path = tmp_path / "c.campaign.toml"
    path.write_text('bench = "nbo2.bench.toml"\ndevice = "D1"\n[[step]]\nprotocol = "first_contact"\nlevels = 5\n'
                    "nplc = 0.01\n", "utf-8")
    outcome = campaign(path, tmp_path / "runs").run(peaks=None)
    records = DeviceRecords(tmp_path / "record")
    assert outcome.counts == {"success": 1} and records.life("D1").used.cycles == 11
    assert [kind for kind, _ in records.history("D1") if kind != "state"] == ["charge", "settle"]


def test_without_record_and_budget_nothing_is_written(tmp_path: Path) -> None:
    for kind in ("bench", "world"):
        shutil.copy(EXAMPLES / f"nbo2.{kind}.toml", tmp_path)
    run_protocol(tmp_path / "nbo2.bench.toml", "D1", contact(), tmp_path / "runs")
    assert not list(tmp_path.rglob("*.tsd"))
    assert DeviceRecords(tmp_path / "record").life("D1").used == Dose()


def test_a_folder_that_cannot_be_made_is_told_before_the_bench_is_opened(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tsbench.station.bench.bench import Bench

    monkeypatch.setattr(Bench, "open", lambda *arguments: pytest.fail("the bench was opened"))
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(StorageError, match="this folder cannot be made"):
            run_protocol(bench, "D1", contact(), out)
    monkeypatch.setattr("os.access", lambda *arguments: False)
    with pytest.raises(StorageError, match="nothing can be written into"):
        run_protocol(bench, "D1", contact(), tmp_path / "runs")
