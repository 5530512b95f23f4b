"""An oscilloscope that somebody has left averaging takes single shots once a bench is open."""

from pathlib import Path

import pytest
import pyvisa

from tests.fixtures.model_bench import RESOURCE, every, first_of_families
from tsbench.station.bench.bench import Bench

SCOPES = every("oscilloscope")
#: driver -> what switches averaging on, the question for it
AVERAGING = {
    "keysight_infiniium": (":ACQ:AVER ON", ":ACQ:AVER?"),
    "keysight_infiniivision": (":ACQ:TYPE AVER", ":ACQ:TYPE?"),
    "keysight_dsox3000t": (":ACQ:TYPE AVER", ":ACQ:TYPE?"),
    "lecroy_t3dso": ("ACQW AVERAGE,16", "ACQW?"),
    "rigol_ds1000z": (":ACQ:TYPE AVER", ":ACQ:TYPE?"),
    "rigol_ds4000": (":ACQ:TYPE AVER", ":ACQ:TYPE?"),
    "rigol_mso5000": (":ACQ:TYPE AVER", ":ACQ:TYPE?"),
    "rohde_schwarz_rtb": (":ACQ:TYPE AVER", ":ACQ:TYPE?"),
    "rohde_schwarz_rto": (":CHAN1:ARIT AVER", ":CHAN1:ARIT?"),
    "siglent_sds_hd": (":ACQ:TYPE AVERage,16", ":ACQ:TYPE?"),
    "tektronix_dpo": (":ACQ:MODE AVE", ":ACQ:MODE?"),
    "tektronix_mso": (":ACQ:MODE AVE", ":ACQ:MODE?"),
}
WIRED = '[fixture]\nnetlist = "R1 a 0 1k"\n[fixture.terminals]\n"unit.1" = "a"\n'
#: the virtual WaveSurfer has no averaging
MODELS = [name for name in first_of_families("oscilloscope") if SCOPES[name].driver != "lecroy_wavesurfer"]


@pytest.mark.parametrize("name", MODELS)
def test_averaging_that_was_left_on_is_off_in_an_open_bench(name: str, tmp_path: Path) -> None:
    on, question = AVERAGING[SCOPES[name].driver]
    world = tmp_path / "unit.world.toml"
    world.write_text(f'seed = 1\n[instruments.unit]\nmodel = "{name}"\nresource = "{RESOURCE}"\n{WIRED}', "utf-8")
    bench = tmp_path / "unit.bench.toml"
    bench.write_text(f'visa_library = "unit.world.toml@tsbench"\n[instruments.unit]\ndriver = "{SCOPES[name].driver}"\n'
                     f'resource = "{RESOURCE}"\n[roles]\nscope = "unit"\n{WIRED}', "utf-8")
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    session = manager.open_resource(RESOURCE)
    single = session.query(question).split()[-1]   # type: ignore[attr-defined]  # with or without its header
    session.write(on)   # type: ignore[attr-defined]
    assert session.query(question).split()[-1] != single   # type: ignore[attr-defined]
    session.close()
    with Bench.open(bench) as opened:
        driver = opened.instruments.driver_of("unit")
        assert driver.ask(question).split()[-1] == single   # type: ignore[attr-defined]
    manager.close()
