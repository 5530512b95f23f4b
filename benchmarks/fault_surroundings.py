"""Benches with instruments that no protocol commands: matrix, prober, decade box, temperature controller, pulse cards.

A user's script sets them before and after a run, or instead of one. The scripts here are short ones of that sort.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.gate_bench import bench_file as write_gate_bench
from tests.fixtures.kxci_bench import write_kxci_bench
from tests.fixtures.waveform_bench import write_waveform_bench
from tsbench.instruments import Segment, SegmentTrain
from tsbench.station.bench.bench import Bench

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_METER = "[instruments.source_meter]\n"
_MATRIX = 'resource = "GPIB0::16::INSTR"\n\n'
_POLL = 0.01  #: [s] between two questions whether a pulse train is over


def _nothing(bench: Bench) -> Mapping[str, float]:
    return {}


@dataclass(frozen=True)
class Surroundings:
    """A bench, and what a script does on it; the values that a script returns are what it measured."""

    instruments: Mapping[str, str]  #: name on the bench -> driver
    device: str
    lay: Callable[[Path], Path]  #: writes the bench into a folder and returns its file
    spoilt: bool = True  #: whether the world can spoil the device; not the devices that stay in a crossbar
    protocol: str = ""  #: that runs between ``before`` and ``after``; "" for none
    before: Callable[[Bench], Mapping[str, float]] = _nothing
    after: Callable[[Bench], Mapping[str, float]] = _nothing
    wiring: str = ""  #: behind drivers and protocol in its name, where others have the same


def _copied(name: str, *changes: tuple[str, str]) -> Callable[[Path], Path]:
    """Return what copies an example, with changes, into a folder."""

    def lay(folder: Path) -> Path:
        for kind in ("bench", "world"):
            text = (EXAMPLES / f"{name}.{kind}.toml").read_text("utf-8")
            for before, after in changes:
                text = text.replace(before, after)
            (folder / f"{name}.{kind}.toml").write_text(text, "utf-8")
        return folder / f"{name}.bench.toml"

    return lay


def _set_crossbar(bench: Bench) -> Mapping[str, float]:
    """Set temperature, load and capacitance."""
    assert bench.temperature is not None and bench.fixture_control is not None
    return {
        "temperature": bench.temperature.set_temperature(297.0),
        "load_resistance": bench.fixture_control.set_value("load_resistance", 4.9e3),
        "parallel_capacitance": bench.fixture_control.set_value("parallel_capacitance", 1.2e-9),
    }


def _next_of_crossbar(bench: Bench) -> Mapping[str, float]:
    """Connect another device, ask what is set, and let the chuck cool."""
    assert bench.temperature is not None and bench.fixture_control is not None
    bench.positioner.connect("D22")
    assert bench.positioner.connected() == "D22"
    bench.temperature.heater_off()
    load = bench.fixture_control.value("load_resistance")
    assert load is not None
    return {"load": load, "temperature afterwards": bench.temperature.temperature()}


def _next_die(bench: Bench) -> Mapping[str, float]:
    """Go to the next die."""
    bench.positioner.connect("W1_x1y0_1")
    assert bench.positioner.connected() == "W1_x1y0_1"
    return {}


def _triangle(bench: Bench) -> Mapping[str, float]:
    """Pulse and sample in one box."""
    unit = bench.pulse_measure()
    unit.configure_ranges(3.0, 2e-3)
    unit.configure_train(SegmentTrain(0.0, (Segment(1.0, 20e-6), Segment(0.0, 20e-6)), 1e-6))
    unit.set_output(True)
    unit.start()
    while unit.running():
        bench.clock.wait(_POLL)
    record = unit.fetch()
    unit.set_output(False)
    return {"highest voltage": float(record.voltage.max()), "highest current": float(record.current.max())}


def _crossbar(matrix: str, *changes: tuple[str, str]) -> Surroundings:
    instruments = {"matrix": matrix, "load": "meatest_m632", "tank": "meatest_m525", "lakeshore": "lakeshore_33x",
                   "generator": "keysight_33600", "scope": "keysight_dsox3000t"}
    lay = _copied("crossbar", ("keithley_707b", matrix), *changes)
    return Surroundings(instruments, "D11", lay, False, "oscillation", _set_crossbar, _next_of_crossbar)


def _wafer(prober: str, resource: str) -> Surroundings:
    """The wafer of the examples, with an oscilloscope that sees whether a reading oscillates."""
    scope = '[instruments.scope]\nresource = "USB0::0x0957::0x1796::SIM00002::INSTR"\n'
    lay = _copied(
        "wafer", ("mpi_sentio", prober), ("TCPIP0::10.0.0.5::35555::SOCKET", resource),
        (f"{_METER}driver", f'{scope}driver = "keysight_infiniivision"\n\n{_METER}driver'),
        (f"{_METER}model", f'{scope}model = "keysight_dsox2024a"\n\n{_METER}model'),
        ('{ source_meter = "smu" }', '{ source_meter = "smu", "scope.1" = "dut" }'),
        ('[roles]', '[roles]\nscope = "scope"'),
        ('[positioner]\nkind', '[fixture.sensing]\nvoltage_high = "scope.1"\n[positioner]\nkind'),
    )
    instruments = {"prober": prober, "source_meter": "keithley_2450", "scope": "keysight_infiniivision"}
    return Surroundings(instruments, "W1_x0y0_1", lay, protocol="iv_sweep", after=_next_die)


def _pulses(bench: Bench) -> Mapping[str, float]:
    """Let the generator reach the device instead of the source meter; the run selects the other route again."""
    assert bench.routes is not None
    bench.routes.prepare(["pulser"])
    return {}


def _routed() -> Surroundings:
    """The demo bench: a matrix connects source meter or generator with the device."""
    lay = _copied(
        "nbo2", ("R_drive  smu   dut  2\nC_cable  smu   0    20p\nR_pulse  gen1  dut  2",
                 "R_drive  smu   a  2\nC_cable  smu   0    20p\nR_pulse  gen1  b  2"),   # in the world only
        (f"{_METER}model", f'[instruments.matrix]\nmodel = "keithley_707b"\n{_MATRIX}{_METER}model'),
        (f"{_METER}driver", f'[instruments.matrix]\ndriver = "keithley_707b"\n{_MATRIX}{_METER}driver'),
        ("[devices.D1]\nmodel", '"matrix.A" = "a"\n"matrix.B" = "b"\n"matrix.101" = "dut"\n[devices.D1]\nmodel'),
        ("[devices.D1]\nmaterial", '[fixture.routing]\nkind = "matrix"\ninstrument = "matrix"\n'
         '[fixture.routing.states]\ndc = { roles = ["drive"], crosspoints = ["1A01"] }\n'
         'pulses = { roles = ["pulser"], crosspoints = ["1B01"] }\n[devices.D1]\nmaterial'),
    )
    instruments = {"matrix": "keithley_707b", "source_meter": "keithley_2450", "generator": "keysight_33600",
                   "scope": "keysight_dsox3000t"}
    return Surroundings(instruments, "D1", lay, protocol="iv_sweep", before=_pulses, after=_pulses)


def _gated(folder: Path) -> Path:
    """A transistor as the load, an oscilloscope at the device, and devices that withstand the short sweep."""
    file = write_gate_bench(folder)
    for path, what in ((file, 'driver = "keysight_infiniivision"'),
                       (folder / "gate.world.toml", 'model = "keysight_dsox2024a"')):
        text = path.read_text("utf-8")
        for before, after in (
            ("[instruments.meter]", f'[instruments.scope]\n{what}\n'
             'resource = "USB0::0x0957::0x1796::SIM00002::INSTR"\n[instruments.meter]'),
            ("[roles]", '[roles]\nscope = "scope"'), ('"meter.a" = "smu"', '"meter.a" = "smu"\n"scope.1" = "dut"'),
            ("[fixture.control", '[fixture.sensing]\nvoltage_high = "scope.1"\n[fixture.control'),
            ('max_voltage = "1 V"', 'max_voltage = "2 V"'), ("instruments.meter", "instruments.source_meter"),
            ('"meter.', '"source_meter.'),
        ):
            text = text.replace(before, after)
        path.write_text(text, "utf-8")
    return file


def _set_gate(bench: Bench) -> Mapping[str, float]:
    """Set the load by the gate of its transistor."""
    assert bench.fixture_control is not None
    return {"load_resistance": bench.fixture_control.set_value("load_resistance", 2e3)}


def _next_behind_gate(bench: Bench) -> Mapping[str, float]:
    """Connect another device: the transistor conducts meanwhile. Then set the load again."""
    bench.positioner.connect("D2")
    assert bench.positioner.connected() == "D2"
    return _set_gate(bench)


def _all() -> Mapping[str, Surroundings]:
    rows = {"A": "1", "B": "2"}
    points = [(f'"1{row}{column}"', f'"1{number}{column}"') for row, number in rows.items()
              for column in ("01", "02", "03", "04")]
    jacks = [(f"matrix.{row}", f"matrix.row{number}") for row, number in rows.items()]
    found = (
        _crossbar("keithley_707b"),
        _crossbar("keithley_3706a", *points, *jacks),
        _routed(),
        _wafer("mpi_sentio", "TCPIP0::10.0.0.5::35555::SOCKET"),
        _wafer("formfactor_velox", "GPIB0::28::INSTR"),
        Surroundings({"source_meter": "keithley_2600", "scope": "keysight_infiniivision"}, "D1", _gated, False,
                     "iv_sweep", _set_gate, _next_behind_gate, " behind a transistor"),
        Surroundings({"analyser": "keithley_4200"}, "D1", lambda folder: write_kxci_bench(folder, pulsed=True),
                     before=_triangle),
        Surroundings({"analyser": "keysight_b1500a"}, "R1", write_waveform_bench, before=_triangle),
    )
    return {f"{'+'.join(one.instruments.values())} {one.protocol or 'pulse and sample'}{one.wiring}": one
            for one in found}


#: by name: the drivers, then what is done
SURROUNDINGS = _all()
