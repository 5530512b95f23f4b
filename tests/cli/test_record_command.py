"""The command ``record``: the life of each device is shown, and a person retires a device of the bench."""

import json
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.station.device_record import DeviceRecords, Dose

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    for name in ("wafer.bench.toml", "wafer.world.toml"):
        (tmp_path / name).write_text((ROOT / "examples" / name).read_text("utf-8"), "utf-8")
    return tmp_path / "wafer.bench.toml"


def test_a_device_is_retired_and_shown(bench: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "record"
    DeviceRecords(folder).charge("W1_x0y0_1", "a", Dose(3, 1e-6, 1e-6, 1.2, 1e-3))
    common = ["record", str(bench), "--device-record", str(folder)]
    assert main([*common, "--device", "W1_x0y0_1", "--retire", "scratched"]) == 0
    assert main([*common, "--json"]) == 0
    shown = capsys.readouterr().out
    (row,) = json.loads(shown[shown.index("["):])
    assert row["device"] == "W1_x0y0_1" and row["state"] == "retired" and row["cycles"] == 3
    assert DeviceRecords(folder).history("W1_x0y0_1")[-1][1]["reason"] == "scratched"


@pytest.mark.parametrize(("arguments", "said"), [
    (["--device", "W1_x99y0_1", "--retire", "scratched"], "device 'W1_x99y0_1' is not on the bench"),
    (["--device", "W1_x0y0_1", "--state", "Retired", "--reason", "scratched"], "Did you mean 'retired'"),
    (["--device", "W1_x0y0_1", "--state", "retired"], "say why"),
    (["--retire", "scratched"], "name the device"),
    (["--device", "W1_x0y0_1", "--retire", "scratched", "--state", "open"], "cannot stand together")])
def test_what_cannot_be_set_is_refused(
    bench: Path, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["record", str(bench), "--device-record", str(tmp_path / "record"), *arguments]) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "record").exists()


def test_a_bench_without_a_device_record_is_told(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(line for line in bench.read_text("utf-8").splitlines() if not line.startswith("device_record"))
    bench.write_text(text, "utf-8")
    assert main(["record", str(bench)]) == 2
    assert "names no device record" in capsys.readouterr().err
