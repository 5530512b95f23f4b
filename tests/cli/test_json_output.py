"""Standard output of ``--json``: JSON alone, whatever else is printed meanwhile."""

import sys

import pytest

from tsbench.cli.json_output import only_json, write_json


def test_only_json_is_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    output = sys.stdout
    with only_json():
        print("of a library")
        write_json("[1]")
        write_json("[2]")
    assert sys.stdout is output
    print("afterwards")
    assert capsys.readouterr() == ("[1]\n[2]\nafterwards\n", "of a library\n")


def test_output_is_itself_again_after_an_error() -> None:
    output = sys.stdout
    with pytest.raises(ValueError, match="of a command"), only_json():
        raise ValueError("of a command")
    assert sys.stdout is output
