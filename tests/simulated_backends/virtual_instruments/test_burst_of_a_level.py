"""Generators that accept the burst of a constant level: a trigger leaves the level as it is."""

from pathlib import Path

import pytest
import pyvisa

WORLD = """
[instruments.generator]
model = "{}"
resource = "USB0::0x0957::0x0001::SIM00001::INSTR"
[fixture]
netlist = "R1 a 0 1MEG"
terminals = {{ "generator.1" = "a" }}
"""
MESSAGES = {
    "tektronix_afg3252c": ("SOUR1:FUNC DC", "SOUR1:VOLT:OFFS 0.1", "SOUR1:BURS:NCYC 3", "SOUR1:BURS:STAT ON",
                           "TRIG:SOUR EXT", "OUTP1 ON", "*TRG"),
    "rigol_dg832": (":SOUR1:FUNC DC", ":SOUR1:VOLT:OFFS 0.1", ":SOUR1:BURS ON", ":SOUR1:BURS:TRIG:SOUR MAN",
                    ":OUTP1 ON", ":SOUR1:BURS:TRIG"),
    "keysight_33250a": ("FUNC DC", "VOLT:OFFS 0.1", "BURS:STAT ON", "TRIG:SOUR BUS", "OUTP ON", "*TRG"),
    "keysight_81160a": (":FUNC1 DC", ":VOLT1:OFFS 0.1", ":BURS1:STAT ON", ":ARM:SOUR1 MAN", ":OUTP1 ON", ":TRIG1"),
}


@pytest.mark.parametrize("model", MESSAGES)
def test_a_trigger_leaves_the_level(tmp_path: Path, model: str) -> None:
    file = tmp_path / "world.toml"
    file.write_text(WORLD.format(model), "utf-8")
    manager = pyvisa.ResourceManager(f"{file}@tsbench")
    generator = manager.open_resource("USB0::0x0957::0x0001::SIM00001::INSTR", read_termination="\n")
    for message in MESSAGES[model]:
        generator.write(message)
        assert "No error" in generator.query("SYST:ERR?"), message
    world = manager.visalib.world
    world.bench.clock.wait(1e-3)
    assert float(world.bench.circuit.voltage("a")) == pytest.approx(0.2, abs=0.02)   # 0.1 V are meant for 50 Ohm
    generator.write("*RST")
    manager.close()
