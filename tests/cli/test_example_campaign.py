"""The campaign that the pages show is accepted as it is shipped."""

from pathlib import Path

from tsbench.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_shipped_campaign_is_not_refused(tmp_path: Path, capsys) -> None:
    assert main(["run", str(EXAMPLES / "wafer.campaign.toml"), "--out", str(tmp_path), "--dry-run"]) == 0
    assert ": good" in capsys.readouterr().out
