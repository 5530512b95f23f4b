"""Drivers of PyMeasure (AFG3152C, DG800) and QCoDeS (SDG2042X), unmodified, behind @tsbench."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [  # drivers of others, as they are
    pytest.mark.filterwarnings("ignore::FutureWarning"), pytest.mark.tsbench_outputs_stay_on,
]

GENERATOR = "USB0::0x2A8D::0x5A01::SIM00012::INSTR"


@pytest.fixture
def opened(driver_bench: Path) -> Iterator[Callable[[str, type], Any]]:
    found: list[Any] = []

    def opening(twin: str, driver: type) -> Any:
        world = driver_bench.with_name("driver.world.toml")
        world.write_text(world.read_text("utf-8").replace("keysight_33622a", twin), "utf-8")
        found.append(driver(GENERATOR, visa_library=f"{world}@tsbench"))
        return found[-1]

    yield opening
    for instrument in found:
        instrument.adapter.connection.close()
        instrument.adapter.manager.close()


def test_settings_of_the_afg3152c_read_back(opened: Callable[[str, type], Any]) -> None:
    from pymeasure.instruments.tektronix import AFG3152C

    afg = opened("tektronix_afg3152c", AFG3152C)
    channel = afg.ch1
    channel.shape, channel.frequency, channel.unit = "square", 2e6, "VPP"
    channel.amp_vpp, channel.offset = 1.5, 0.25
    assert (channel.shape, channel.frequency, channel.amp_vpp, channel.offset) == (
        "square", pytest.approx(2e6), pytest.approx(1.5), pytest.approx(0.25))
    channel.shape, channel.duty = "pulse", 25.0
    assert channel.duty == pytest.approx(25.0) and afg.opc() == 1
    channel.waveform("SIN", 1e6, "VPP", 1, 0)
    afg.beep()
    assert afg.ask("system:error?").strip() == '0,"No error"'


def test_the_afg3152c_class_asks_for_a_load_that_no_instrument_has(opened: Callable[[str, type], Any]) -> None:
    """``source1:output:impedance`` is no header: that is ``OUTPut1:IMPedance``. And 0.16.0 cannot switch an output."""
    from pymeasure.instruments.tektronix import AFG3152C

    afg = opened("tektronix_afg3152c", AFG3152C)
    afg.ch1.impedance = 50
    assert afg.ask("system:error?").startswith("-113,")
    with pytest.raises(AttributeError):
        afg.ch1.enable()
    afg.write("output1:state on")
    assert afg.ask("output1:state?").strip() == "1"
    afg.write("output1:state off")


def test_settings_of_the_dg800_read_back(opened: Callable[[str, type], Any]) -> None:
    from pymeasure.instruments.rigol.rigol_dg800 import DG800

    dg = opened("rigol_dg822", DG800)
    channel = dg.channel_1
    channel.pulse = 1e3, 2.0, 0.5, 0.0
    channel.pulse_width = 2e-4
    assert channel.pulse_width == pytest.approx(2e-4) and channel.duty_cycle == pytest.approx(20.0)
    assert channel.shape.strip() == "PULS" and channel.frequency == pytest.approx(1e3)
    channel.high_impedance = True
    assert channel.load == pytest.approx(9.9e37)
    channel.high_impedance = False
    channel.output_enabled = True
    assert channel.output_enabled is True and channel.sync_enabled is True
    channel.output_enabled = False
    assert channel.output_enabled is False
    channel.dc = 0.4
    assert dg.ask(":SOUR1:VOLT:OFFS?").strip() == "4.000000E-01"
    channel.noise = 0.5, 0.1
    assert dg.ask(":SYST:ERR?").strip() == '0,"No error"'


def test_the_dg800_class_sends_no_width_below_a_microsecond(opened: Callable[[str, type], Any]) -> None:
    """``%f`` makes 0.000000 of 100 ns: the instrument takes its shortest width, with -222."""
    from pymeasure.instruments.rigol.rigol_dg800 import DG800

    dg = opened("rigol_dg822", DG800)
    dg.channel_1.pulse_width = 100e-9
    assert dg.channel_1.pulse_width == pytest.approx(16e-9)
    assert dg.ask(":SYST:ERR?").startswith("-222,")


def test_settings_of_the_sdg2042x_of_qcodes_read_back(driver_bench: Path) -> None:
    """Each parameter that can be read, and the copy from channel to channel."""
    drivers = pytest.importorskip("qcodes_contrib_drivers.drivers.Siglent.sdg")
    world = driver_bench.with_name("driver.world.toml")
    world.write_text(world.read_text("utf-8").replace("keysight_33622a", "siglent_sdg2042x"), "utf-8")
    sdg = drivers.Siglent_SDG_2042X("sdg", GENERATOR, visalib=f"{world}@tsbench")
    try:
        sdg.write("C1:SYNC ON")
        sdg.write("C1:BSWV WVTP,PULSE,FRQ,2000,AMP,0.5,WIDTH,1e-5")
        for name, parameter in sdg.channels[0].parameters.items():
            if parameter.gettable:
                parameter.get()
            assert sdg.ask("SYST:ERR?").startswith("+0"), name
        sdg.channels[1].copy_parameters_from_channel(1)
        assert sdg.ask("C2:BSWV?").replace("C2", "C1") == sdg.ask("C1:BSWV?")
        assert sdg.ask("SYST:ERR?").startswith("+0")
    finally:
        sdg.close()
