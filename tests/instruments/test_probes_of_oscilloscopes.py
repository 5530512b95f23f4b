"""A passive probe that the bench file states: every oscilloscope shows the voltage at its tip."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from benchmarks.pairs.cells import SCOPE
from tests.fixtures.driver_steps import one_of_each_driver
from tsbench.errors import InstrumentError, LimitError
from tsbench.instruments import EdgeTrigger, SourceSettings, Timebase, Vertical
from tsbench.instruments.rigol_oscilloscopes import data_sheet
from tsbench.instruments.rigol_oscilloscopes.driver import RigolOscilloscope
from tsbench.instruments.tektronix_mso.driver import TektronixMso
from tsbench.records import Identity
from tsbench.station.bench.bench import Bench

SCOPES = {name: one[0].cell.scope for name, one in one_of_each_driver().items()
          if one[2] == SCOPE and one[0].cell is not None}
FILES = {
    "world": """
seed = 3
imperfections = false
[instruments.meter]
model = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00001::INSTR"
[instruments.scope]
model = "{model}"
resource = "USB0::0x0699::0x0001::SIM00002::INSTR"
options = {{ probes = {{ 1 = 10 }} }}
[fixture]
netlist = "R1 smu dut 2\\nXDUT dut 0 device\\n"
[fixture.terminals]
meter = "smu"
"scope.1" = "dut"
[devices.D1]
model = "resistor"
parameters = {{ r = 1e4 }}
""",
    "bench": """
visa_library = "probe.world.toml@tsbench"
[instruments.meter]
driver = "keithley_2450"
resource = "USB0::0x05E6::0x2450::SIM00001::INSTR"
[instruments.scope]
driver = "{driver}"
resource = "USB0::0x0699::0x0001::SIM00002::INSTR"
[roles]
drive = "meter"
scope = "scope"
[fixture]
netlist = "R1 smu dut 2\\nXDUT dut 0 device\\n"
probes = {{ "scope.1" = {{ attenuation = 10, accuracy = 0.02 }} }}
[fixture.terminals]
meter = "smu"
"scope.1" = "dut"
[fixture.sensing]
voltage_high = "scope.1"
[devices.D1]
"""}


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    scope = SCOPES[request.param]
    assert scope is not None
    for kind, text in FILES.items():
        (tmp_path / f"probe.{kind}.toml").write_text(text.format(model=scope.name, driver=scope.driver), "utf-8")
    with Bench.open(tmp_path / "probe.bench.toml", "D1") as opened:
        yield opened


@pytest.mark.parametrize("bench", sorted(SCOPES), indirect=True)
def test_records_ranges_and_levels_are_those_at_the_tip(bench: Bench) -> None:
    meter, scope = bench.source_meter("drive"), bench.oscilloscope("scope")
    accepted = scope.configure_channel(1, Vertical(8.0, 2.0))
    assert accepted.probe_attenuation == 10.0
    assert (accepted.range, accepted.offset) == pytest.approx((8.0, 2.0), abs=0.1)
    meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
    meter.set_level(3.0)
    meter.set_output(True)
    scope.configure_timebase(Timebase(1e-4))
    assert scope.configure_trigger(EdgeTrigger(1, 4.5)).level == pytest.approx(4.5, abs=0.1)
    scope.arm()
    scope.force_trigger()
    while not scope.complete():
        bench.clock.wait(1e-3)
    record = scope.fetch([1])[1]
    assert float(np.mean(record.values())) == pytest.approx(3.0, abs=0.05)   # one step of the converter, or less
    own = bench.instruments.driver_of("scope").fetch([1])[1].accuracy_gain
    assert record.accuracy_gain == pytest.approx(np.hypot(own, 0.02 / np.sqrt(3)))
    meter.set_output(False)
    widest = scope.capabilities.widest_range("1M")
    assert scope.configure_channel(1, Vertical(9.9 * widest)).range == pytest.approx(9.9 * widest, rel=0.02)
    with pytest.raises(LimitError, match="range"):
        scope.configure_channel(1, Vertical(5.0 * scope.capabilities.range.low))
    with pytest.raises(LimitError, match=r"\[fixture.probes\] of the bench file says 10"):
        scope.configure_channel(1, Vertical(8.0, probe_attenuation=100.0))
    with pytest.raises(LimitError, match="passive probe at this channel, which needs the input of 1 MOhm"):
        scope.configure_channel(1, Vertical(8.0, impedance="50"))


RIGOL = Identity("RIGOL TECHNOLOGIES", "DS1104Z", "D1", "00.04")
TEKTRONIX = Identity("TEKTRONIX", "MSO54", "C1", "1.44")


def rigol_messages(reply: str) -> list[tuple[str, str | None]]:
    return [
        (":CHAN1:DISP ON", None), (":CHAN1:COUP DC", None), (":CHAN1:BWL OFF", None), (":CHAN1:PROB 10", None),
        (":CHAN1:VERN ON", None), (":CHAN1:OFFS 0", None), (":CHAN1:SCAL 1", None), (":CHAN1:OFFS -2", None),
        (":SYST:ERR?", '0,"No error"'), (":CHAN1:PROB?", reply), (":CHAN1:SCAL?", "1.000000e+00"),
        (":CHAN1:OFFS?", "-2.000000e+00")]


def test_rigol_is_told_and_asked() -> None:
    with expected_protocol(RigolOscilloscope, rigol_messages("1.000000e+01"), identity=RIGOL) as scope:
        assert scope.configure_channel(1, Vertical(8.0, 2.0, probe_attenuation=10.0)).range == 8.0
    with expected_protocol(RigolOscilloscope, rigol_messages("1.000000e+00")[:-2], identity=RIGOL) as scope, \
            pytest.raises(InstrumentError, match="attenuation 10 was set, and the instrument reports 1"):
        scope.configure_channel(1, Vertical(8.0, 2.0, probe_attenuation=10.0))
    with expected_protocol(RigolOscilloscope, [], identity=RIGOL) as scope, pytest.raises(
            LimitError, match=r"this model has no probe attenuation 15\. It has 0.01, 0.02"):
        scope.configure_channel(1, Vertical(8.0, 2.0, probe_attenuation=15.0))


def test_rigol_series_have_the_attenuations_of_their_virtual_instruments() -> None:
    from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes import data_sheet as virtual

    for sheet in (virtual.RIGOL_DS1104Z, virtual.RIGOL_MSO5104, virtual.RIGOL_DS4024):
        assert data_sheet.capabilities(sheet.name).attenuations == pytest.approx(sheet.probes)


@pytest.mark.parametrize(("gain", "external"), [("1.0", "10"), ("100.0E-3", "1")])
def test_tektronix_counts_what_it_has_recognised_once(gain: str, external: str) -> None:
    """A probe with a readout has its gain in the instrument already."""
    messages: list[tuple[str, str | None]] = [
        (":CH1:PRO:GAIN?", gain), (":DIS:GLO:CH1:STATE ON", None), (":CH1:COUP DC", None), (":CH1:TER 1000000", None),
        (f":CH1:PROBEF:EXTA {external}", None), (":CH1:BAN FUL", None), (":CH1:INV OFF", None), (":CH1:POS 0", None),
        (":CH1:SCA 0.8", None), (":CH1:OFFS 2", None), ("*ESR?;:ALLE?", '0;0,"No events to report - queue empty"'),
        (":CH1:PROBEF:EXTA?", external), (":CH1:SCA?", "800.0E-3"), (":CH1:OFFS?", "2.0"), (":CH1:TER?", "1.0E+6")]
    with expected_protocol(TektronixMso, messages, identity=TEKTRONIX, wait=lambda seconds: None) as scope:
        assert scope.configure_channel(1, Vertical(8.0, 2.0, probe_attenuation=10.0)).probe_attenuation == 10.0
