"""Every bench of the examples passes ``tsbench check``; prediction has a line for every source on any wiring."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.station.preflight.preflight import predict

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
OVER_THE_WIRE = {"nbo2_served"}  # checked by test_serve_process.py, which starts the server


@pytest.mark.thin(2)
@pytest.mark.parametrize("name", sorted(
    path.name.removesuffix(".bench.toml") for path in EXAMPLES.glob("*.bench.toml")
    if path.name.removesuffix(".bench.toml") not in OVER_THE_WIRE))
def test_every_example_bench_is_checked(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (*EXAMPLES.glob("*.toml"), *EXAMPLES.glob("*.cir")):
        shutil.copy(path, tmp_path)
    assert main(["check", str(tmp_path / f"{name}.bench.toml"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["problems"] == []
    driving = [role for role in ("drive", "pulser", "bias") if any(
        role in row["role"].split(", ") for row in report["instruments"])]
    assert [re.split("[: ]", line)[0] for line in report["predictions"]] == driving, report["predictions"]


@pytest.mark.parametrize(("netlist", "expected"), [
    ("XDUT smu 0 device\nR1 gen 0 10k", "pulser is not connected to the device"),
    ("XDUT smu 0 device\nC1 gen smu 1n", "pulser is not connected to the device"),
    ("R1 gen dut 5k\nC1 dut 0 80p\nXDUT 0 dut device\nR2 smu 0 1k", "drive is not connected to the device"),
    ("R1 gen dut 5k\nL1 dut high 1n\nXDUT high 0 device\nR2 smu dut 1k\nC1 high 0 10p",
     "pulser: the device has 5.050 kOhm in series"),
    ("XDUT a b device\nR1 smu 0 1k\nR2 gen 0 1k\nR3 a 0 1k\nR4 b 0 1k", "drive is not connected to the device"),
])
def test_any_wiring_is_predicted_or_named(netlist: str, expected: str, tmp_path: Path) -> None:
    text = (EXAMPLES / "nbo2.bench.toml").read_text("utf-8")
    head, _, rest = text.partition("[fixture]")
    devices = rest[rest.index("[devices."):]
    bench = tmp_path / "lab.bench.toml"
    bench.write_text(f'{head}[fixture]\nnetlist = """\n{netlist}\n"""\n[fixture.terminals]\nsource_meter = "smu"\n'
                     f'"generator.1" = "gen"\n{devices}'.replace('bias = "generator.2"', ""), "utf-8")
    lines = predict(bench, {"drive": 0.0, "pulser": 50.0})
    assert len(lines) == 2
    assert any(line.startswith(expected) for line in lines), lines
