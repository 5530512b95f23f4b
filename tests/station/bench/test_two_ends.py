"""Two sources at the two ends of a device: the guard adds up what they bring to it, as the simulated bench does."""

from pathlib import Path
from typing import Any

import pytest

from tsbench.errors import LimitError
from tsbench.instruments import SourceSettings
from tsbench.simulated_backends.witness.log import read_witness
from tsbench.station.bench.bench import Bench

INSTRUMENTS = """
[instruments.first]
{key} = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM1::INSTR"
[instruments.second]
{key} = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM2::INSTR"
"""
FIXTURE = """
[fixture]
netlist = "XDUT one two device"
terminals = { first = "one", second = "two" }
"""


def test_voltages_at_the_two_ends_of_a_device_add_up(tmp_path: Path) -> None:
    (tmp_path / "two.world.toml").write_text(
        f'seed = 3\n[witness]\nfile = "w.jsonl"\n{INSTRUMENTS.format(key="model")}{FIXTURE}'
        '[devices.D1]\nmodel = "resistor"\nparameters = { r = 100e3 }\n', "utf-8")
    path = tmp_path / "two.bench.toml"
    path.write_text(
        f'visa_library = "two.world.toml@tsbench"\n{INSTRUMENTS.format(key="driver")}{FIXTURE}'
        '[roles]\ndrive = "first"\nbias = "second"\n[device.limits]\nmax_voltage = "1 V"\nmax_current = "5 mA"\n'
        '[devices.D1]\nmaterial = "test"\n', "utf-8")
    with Bench.open(path, "D1") as bench:
        drive, bias = bench.source_meter("drive"), bench.source_meter("bias")
        for role, volts in ((drive, 0.6), (bias, -0.3)):
            role.configure_source(SourceSettings("voltage", compliance_current=1e-3))
            role.set_level(volts)
            role.set_output(True)
        with pytest.raises(LimitError, match=r"other outputs are on \(first\)\. All outputs together could bring "
                                             r"1\.55 V to the device, but max_voltage of D1 is 1 V"):
            bias.set_level(-0.95)
        bench.clock.wait(0.01)
        reading: Any = drive.measure()
        assert reading.current == pytest.approx(0.9 / 100e3, rel=0.02)
    maxima = read_witness(tmp_path / "w.jsonl").maxima()
    assert maxima["D1"]["voltage"] == pytest.approx(0.9, rel=0.02)
