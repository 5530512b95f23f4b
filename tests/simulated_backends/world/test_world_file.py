"""What a world file may say, and the one line it gets when it says something else."""

from pathlib import Path

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class
from tsbench.simulated_backends.world.world import close_world, open_world

GOOD = Path(__file__).resolve().parents[3].joinpath("examples/nbo2.world.toml").read_text("utf-8")


def complaint(tmp_path: Path, text: str) -> str:
    path = tmp_path / "world.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as error:
        open_world(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(str(path.resolve()))
    return message


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("seed = 1", "sed = 1", "unknown key 'sed'. Did you mean 'seed'?"),
        ("seed = 1", "seed = -1", "seed: -1 should be greater than or equal to 0"),
        ("seed = 1", "seed = ", "not valid TOML"),
        ('model = "keithley_2450"\nresource = "', 'model = "keithley_2450"\nresource = "GPIB0::31::INSTR" # ',
         "instruments.source_meter.resource: GPIB0::31::INSTR has the GPIB address 31, but a GPIB address is 0 to 30"),
        ("[witness]\nfile", "[witness]\nfiles", "unknown key 'files' in [witness]. Did you mean 'file'?"),
        ('model = "keithley_2450"', 'modell = "keithley_2450"', "Did you mean 'model'?"),
        ('model = "keithley_2450"', 'model = "keithley_24500"', "Did you mean 'keithley_2450'?"),
        ('model = "keithley_2450"', "", "instruments.source_meter.model is missing"),
        ('model = "keithley_2450"', 'model = "keithley_2450"\noptions = { foo = 1 }',
         "instruments.source_meter.options: there is no option 'foo'"),
        (
            'source_meter = "smu"',
            'source_metre = "smu"',
            "no instrument 'source_metre'. Did you mean 'source_meter'?",
        ),
        ('source_meter = "smu"', 'source_meter = "smuu"', "Did you mean 'smu'?"),
        ('"generator.1"', '"generator.7"', "has no terminal 'generator.7'"),
        ('"generator.1"', '"generator"', "has no terminal 'generator'"),
        ("[witness]", '[wires]\n"source_meter.digital1" = "generator.sinc"\n[witness]',
         "wires: no instrument has the output jack 'generator.sinc'. Did you mean 'generator.sync'?"),
        ("[witness]", '[wires]\n"source_meter.digital7" = "generator.sync"\n[witness]',
         "wires: no instrument has the input jack 'source_meter.digital7'. Did you mean 'source_meter.digital"),
        ("[witness]", '[wires]\n"generator.sync" = "generator.trigger"\n[witness]',
         "no instrument has the input jack 'generator.sync'"),
        ("66p", "66x9", "66x9"),
        ("C_probe  dut   0    66p", "C_probe  dut   0    -66p", "C_probe"),
        ("R_load   gen2  dut  5k", "R_load   gen2  dut  5k\nR_lost   nobody dut 1k", "nobody"),
        ('model = "nbo2"', 'model = "nbo3"', "Did you mean 'nbo2'?"),
        ('model = "nbo2"', 'model = "nmos"', "D1 has the model transistor with the nodes drain gate source. Only"),
        ('model = "nbo2"', 'model = "nbo2"\nparameters = { rt = 1.0 }', "no parameter 'rt'"),
        ('model = "nbo2"', 'model = "nbo2"\nparameters = { rth = "one" }', "devices.D1.parameters.rth"),
        ('[devices.D1]\nmodel = "nbo2"', "", "no [devices]"),
        ("seed = 1", "seed = 1\n[positioner]\ntravel_time = '2 V'", "'2 V' is in V, but the unit must be s"),
        ("seed = 1", "seed = 1\n[[faults]]\nmesage = 2", "Did you mean 'message'?"),
        ("XDUT     dut   low  device", "XDUT     dut   low  device\nXTWO dut low device",
         "Set place to the name of the element"),
    ],
)
def test_one_clear_line_for_each_mistake(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in complaint(tmp_path, GOOD.replace(old, new, 1))


def test_two_instruments_at_one_address(tmp_path: Path) -> None:
    assert "already the address of 'source_meter'" in complaint(
        tmp_path, GOOD.replace("SIM00002", "SIM00001").replace("0x2A8D::0x5A01", "0x05E6::0x2450")
    )


def test_two_spellings_of_one_address(tmp_path: Path) -> None:
    """Also where no VISA library reads the file: ``tsbench serve``."""
    assert GOOD.count("::SIM00002::INSTR") == 1
    said = complaint(tmp_path, GOOD.replace("USB0::0x2A8D::0x5A01::SIM00002::INSTR", "usb::0x5e6::9296::sim00001"))
    assert "is already the address of 'source_meter', written as USB0::0x05E6::0x2450::SIM00001::INSTR. Choose" in said


def test_devices_are_connected_with_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(
        GOOD + "\n[devices.D2]\nmodel = 'nbo2'\nseed = 5\n[devices.R]\nmodel = 'resistor'\n"
        "parameters = { r = '2.2k' }\n[positioner]\ntravel_time = '3 s'\n",
        "utf-8",
    )
    world = open_world(path)
    positioner = world.positioner
    assert positioner.connected() == "D1"
    assert list(positioner.devices()) == ["D1", "D2", "R"]
    nominal, other = world.devices["D1"].model, world.devices["D2"].model
    assert nominal != other  # its own specimen
    positioner.connect("D2")
    assert world.clock.now() == pytest.approx(3.0)
    positioner.connect("R")
    positioner.connect("D1")
    assert world.clock.now() == pytest.approx(9.0)
    circuit = world.bench.circuit
    assert circuit.device_state("XDUT")["temperature"] == pytest.approx(296.0, abs=0.1)
    close_world(world)
    again = open_world(path)
    assert again is not world
    assert again.devices["D2"].model == other  # the same seed, the same device
    close_world(again)


def test_a_hot_device_has_cooled_when_it_comes_back() -> None:
    from tsbench.simulated_backends.devices.catalogue import device_model
    from tsbench.simulated_backends.world.positioner import rested

    model = device_model("nbo2")
    assert rested(model, {"temperature": 500.0}, 0.0) == {"temperature": 500.0}
    warm = rested(model, {"temperature": 500.0}, 5e-9)["temperature"]
    assert 400.0 < warm < 450.0  # 10 ns thermal time constant
    assert rested(model, {"temperature": 500.0}, 1.0)["temperature"] == pytest.approx(296.0, abs=1e-2)


WAFER = "\n[wafers.W1]\nmodel = 'nbo2'\nseed = 5\ncolumns = 3\nrows = 3\ndevices_per_die = 2\n"


def test_a_wafer_of_devices(tmp_path: Path) -> None:
    path = tmp_path / "world.toml"
    path.write_text(GOOD + WAFER + "correlation = [['as_', 'rth', -0.5]]\ngradient = { as_ = 0.1 }\n", "utf-8")
    world = open_world(path)
    names = list(world.positioner.devices())
    assert names[0] == "D1" and "W1_x0y0_1" in names and len(names) == 1 + 9 * 2
    world.positioner.connect("W1_x1y0_2")
    assert world.positioner.connected() == "W1_x1y0_2"
    close_world(world)


@pytest.mark.parametrize(("more", "expected"), [
    ("shorts = 2", "wafers.W1: wafer W1: shorts = 2 is a share"),
    ("spread = { rht = 0.1 }", "no parameter 'rht'. Did you mean 'rth'"),
    ("colums = 3", "Did you mean 'columns'"),
])
def test_a_wafer_that_makes_no_sense(tmp_path: Path, more: str, expected: str) -> None:
    assert expected in complaint(tmp_path, GOOD + WAFER + more + "\n")


@pytest.mark.parametrize(("model", "inputs", "outputs"), [
    ("keithley_2450", [f"digital{n}" for n in range(1, 7)], [f"digital{n}" for n in range(1, 7)]),
    ("keithley_2400", [f"line{n}" for n in range(1, 5)], [f"line{n}" for n in range(1, 5)]),
    ("keithley_2602b", [f"digio{n}" for n in range(1, 15)], [f"digio{n}" for n in range(1, 15)]),
    ("keithley_707b", [f"digio{n}" for n in range(1, 15)], [f"digio{n}" for n in range(1, 15)]),
    ("keysight_b2901a", [f"ext{n}" for n in range(1, 15)], [f"ext{n}" for n in range(1, 15)]),
    ("keysight_b1500a", ["trigger_in"], ["trigger_out"]),
    ("keysight_33622a", ["external"], ["sync", "trigger"]), ("tektronix_afg31102", ["external"], ["sync", "trigger"]),
    ("keysight_dsox3034t", ["external"], []), ("lecroy_t3dso2204", ["external"], []),
])
def test_the_trigger_jacks_of_each_model(model: str, inputs: list[str], outputs: list[str]) -> None:
    """Those of the table in docs/world.md."""
    bench = BenchServices()
    instrument_class(model)(bench, Placement("x", "SIM1", {}, {}))
    assert bench.input_jacks == {f"x.{jack}" for jack in inputs}
    assert bench.output_jacks == {f"x.{jack}" for jack in outputs}
