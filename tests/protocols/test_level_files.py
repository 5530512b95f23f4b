"""Files of levels and recordings: each is read on its own scale, or refused in one line; nothing is guessed."""

from pathlib import Path
from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.protocols import IVSweep
from tsbench.protocols.stimulus.shapes import read_recording


def levels(tmp_path: Path, text: str | bytes, **more: Any) -> tuple[float, ...]:
    """Return the levels [V, or A] that a sweep reads from a file of this text."""
    path = tmp_path / "levels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    read: tuple[float, ...] = IVSweep.parse({"file": str(path), **more}).levels
    return read


@pytest.mark.parametrize("text", [
    "0\n0.1\n0.25\n", "# a list\n0.0\n0.1\n0.25\n", "V\n0\n0,1\n0,25\n", "U (V)\n0\n0,1\n0,25\n",
    "nr;U (V)\n1;0\n2;0,1\n3;0,25\n", "nr\tU\n1\t0\n2\t0,1\n3\t0,25", "1 0,0\n2 0,1\n3 0,25",
    "0,0;0\n1,5;0,1\n2,5;0,25",
    "index,V\n1,0\n2,0.1\n3,0.25\n", "1, 0\n2, 0.1\n3, 0.25\n", '"1","0"\n"2","0,1"\n"3","0,25"\n',
    "V (mV)\n0\n100\n250\n", "U / mV\n0\n100\n250\n", "voltage in mV\n0\n100\n250\n", "U_mV\n0\n100\n250\n",
    "time (s);U (mV)\n0;0\n1;100\n2;250\n", "t,V\ns,mV\n0,0\n1,100\n2,250\n", "V [kV]\n0\n1e-4\n2.5e-4\n",
    "t (us) U (mV)\n0 0\n1 100\n2 250\n", "Sweep 1\nlevels in mV\n0\n100\n250\n", "0,\n0.1,\n0.25,\n",
])
def test_levels_are_read_on_their_own_scale(tmp_path: Path, text: str) -> None:
    """A decimal comma was a separator of columns (0,1 V became 1 V), and the unit of a header was not read."""
    returns = text.replace("\n", "\r\n").encode()
    for content in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16"), returns):
        assert levels(tmp_path, content) == pytest.approx((0.0, 0.1, 0.25), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("text", "said"), [
    ("0,0\n0,1\n0,2\n", "may be the decimal sign"), ("voltage, V\n0,1\n0,2\n", "may be the decimal sign"),
    ("mV\n1,000\n1,050\n", "thousands"), ("1.000,5\n1.001,5\n", "between thousands"),
    ("V (counts)\n0\n1\n", "unit 'counts'"),
    ("I (mA)\n0\n1\n", "unit 'mA'"), ("A\n0\n1\n", "'A' is a unit"), ("VmV\n0\n1\n", "not clear"),
    ("mV (V)\n0\n1\n", "not clear"), ("V x1e3\n0\n1\n", "not clear"), ("millivolts\n0\n1\n", "not clear"),
    ("# time, then mV\n0;0\n1;100\n", "of which column"), ("1_0\n2_0\n", "0 lines"), ("0\n1\n2 3\n", "line 3"),
    ("0\n1\nend\n", "line 3"), ("0\n1e999\n", "not finite"), ("0\n0.1 V\n", "line 2"), ("2450\n0 1\n", "line 2"),
    ("V\n0\n".encode("utf-16-le"), "not UTF-8"), ("\u00b5V\n0\n1\n".encode("latin-1"), "not UTF-8"), ("", "0 lines"),
])
def test_what_can_be_read_in_two_ways_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        levels(tmp_path, text)
    assert "levels.csv" in str(refused.value) and "\n" not in str(refused.value)


def test_a_current_is_read_in_its_own_unit(tmp_path: Path) -> None:
    assert levels(tmp_path, "I (uA)\n1\n20\n", drive="current") == pytest.approx((1e-6, 2e-5), rel=1e-12)
    assert levels(tmp_path, "I (\u00b5A)\n1\n20\n", drive="current") == pytest.approx((1e-6, 2e-5), rel=1e-12)
    with pytest.raises(ConfigurationError, match="unit of A"):
        levels(tmp_path, "U (mV)\n1\n20\n", drive="current")


def test_the_plan_says_which_levels_were_read(tmp_path: Path, new_station: Any) -> None:
    path = tmp_path / "levels.csv"
    path.write_text("U (mV)\n" + "\n".join(str(20 * k) for k in range(61)))
    (said,) = [line for line in IVSweep.parse({"file": str(path)}).plan(new_station()).warnings if str(path) in line]
    assert said == f"61 levels are read from {path}, between 0 V and 1.2 V. The first are 0 V, 20 mV, 40 mV"


@pytest.mark.parametrize("text", [
    "time (us);U (mV)\n0;0\n1;-500\n2;250\n",
    "0,0 0,0\n1e-6 -0,5\n2e-6 0,25\n", "time (us)\tV (V)\n0\t0\n1\t-0,5\n2\t0,25",
])
def test_a_recording_is_read_in_the_units_of_its_header(tmp_path: Path, text: str) -> None:
    path = tmp_path / "recording.txt"
    path.write_text(text)
    times, shape, highest = read_recording(path)
    assert times == pytest.approx([0.0, 1e-6, 2e-6], rel=1e-12, abs=1e-18)
    assert shape == pytest.approx([0.0, -1.0, 0.5]) and highest == pytest.approx(0.5)
