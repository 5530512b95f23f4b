"""The shared code of source meters without a model: two pairs of terminals, settings as plain state."""

import statistics
from dataclasses import replace
from typing import Any

import pytest

from tsbench.netlist import Netlist, parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.services.clock import Process
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2450.data_sheet import CURRENT, KEITHLEY_2450
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import NOT_A_NUMBER, OVERFLOW
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer, MeterReading, _combined
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


class TwoChannels(VirtualInstrument):
    """Two source meters in one box; no commands of its own."""

    manufacturer, model, firmware = "OUR LAB", "LM2", "1.0"
    outputs = terminals = ("a", "b")

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.settings = {name: SourceMeterSettings(current_limit=1e-3) for name in self.terminals}
        self.channels = {name: SourceOutput(self, KEITHLEY_2450, self.settings[name], name) for name in self.terminals}
        self.measurers = {
            name: Measurer(self, KEITHLEY_2450, self.settings[name], self.channels[name]) for name in self.terminals}

    def attachment(self) -> Attachment:
        parts = [channel.stage.attachment() for channel in self.channels.values()]
        return Attachment(sum((part.elements for part in parts), ()), sum((part.stages for part in parts), ()))

    def connect(self) -> None:
        for channel in self.channels.values():
            channel.refresh()
            channel.take_off_state()


def meter_on(netlist: str, imperfections: bool = False) -> TwoChannels:
    bench = BenchServices(1, imperfections)
    meter = TwoChannels(bench, Placement("meter", "SIM1", {"a": "a", "b": "b"}))
    added = meter.attachment()
    elements = (*parse_netlist(netlist, ["a", "b"]).elements, *added.elements)
    circuit = build_circuit(Netlist(elements), {}, [(stage.name, stage.node) for stage in added.stages])
    for stage in added.stages:
        circuit.set_stage(stage.name, stage.stage)
    bench.install(circuit)
    meter.connect()
    return meter


def switch_on(meter: TwoChannels, channel: str, volts: float) -> None:
    meter.settings[channel].source_level["VOLT"] = volts
    meter.channels[channel].switch_on()


def read(meter: TwoChannels, channel: str) -> MeterReading:
    found: list[MeterReading] = []

    def steps() -> Any:
        found.append((yield from meter.measurers[channel].take()))

    process = Process(meter.clock, steps())
    while process.running:
        meter.clock.wait(1e-3)
    return found[0]


def test_each_channel_drives_and_measures_its_own_node() -> None:
    meter = meter_on("R1 a 0 10k\nR2 b 0 5k\n")
    switch_on(meter, "a", 2.0)
    switch_on(meter, "b", -1.0)
    assert read(meter, "a").value == pytest.approx(200e-6, rel=1e-4)
    assert read(meter, "b").value == pytest.approx(-200e-6, rel=1e-4)
    assert meter.output_states() == {"a": True, "b": True}
    list(meter.channels["a"].switch_off())
    meter.clock.wait(2 * KEITHLEY_2450.relay_time)
    assert meter.output_states() == {"a": False, "b": True}
    assert abs(meter.bench.circuit.voltage("a")) < 1e-3
    assert meter.bench.circuit.voltage("b") == pytest.approx(-1.0, rel=1e-3)


def test_channels_have_calibration_errors_of_their_own() -> None:
    meter = meter_on("R1 a 0 10k\nR2 b 0 10k\n", imperfections=True)
    for channel in meter.terminals:
        switch_on(meter, channel, 5.0)
    first, second = read(meter, "a"), read(meter, "b")
    assert first.value != second.value
    for reading in (first, second):
        assert reading.value == pytest.approx(500e-6, rel=4e-3)


def test_the_limit_and_a_fixed_range_hold_the_current() -> None:
    meter = meter_on("R1 a 0 1k\nR2 b 0 10k\n")
    switch_on(meter, "a", 3.0)
    limited = read(meter, "a")
    assert limited.limited and limited.value == pytest.approx(1e-3, rel=0.01)
    settings = meter.settings["b"]
    settings.sense_autorange["CURR"], settings.sense_range["CURR"] = False, 100e-6
    switch_on(meter, "b", 3.0)
    assert read(meter, "b").limited
    assert meter.channels["b"].stage.present("CURR") == pytest.approx(CURRENT[4].top, rel=0.01)
    settings.source_level["VOLT"] = 0.5
    meter.channels["b"].level_changed("VOLT")
    free = read(meter, "b")
    assert not free.limited and free.value == pytest.approx(50e-6, rel=1e-3)


def test_a_fixed_source_range_bounds_the_level() -> None:
    meter = meter_on("R1 a 0 10k\nR2 b 0 1k\n")
    output, settings = meter.channels["a"], meter.settings["a"]
    assert output.top_level("VOLT") == pytest.approx(210.0)
    settings.source_range["VOLT"] = 2.0
    output.range_changed("VOLT")
    assert not settings.source_autorange["VOLT"]
    assert output.top_level("VOLT") == pytest.approx(2.1)
    assert output.highest_limit("VOLT") == 1.05


def test_a_filter_combines_value_voltage_and_current() -> None:
    """With the mean or the median. A value beyond its range makes the result an overflow."""
    def reading(value: float) -> MeterReading:
        return MeterReading(0.0, "RES", value, "VOLT", 1.0, True, False, False, True, True, voltage=2.0 * value,
                            current=3.0 * value)

    taken = [reading(value) for value in (1.0, 2.0, 6.0)]
    mean, median = _combined(taken), _combined(taken, statistics.median)
    assert (mean.value, mean.voltage, mean.current) == (3.0, 6.0, 9.0)
    assert (median.value, median.voltage, median.current) == (2.0, 4.0, 6.0)
    over = _combined([*taken, replace(reading(1.0), current=NOT_A_NUMBER)], statistics.median)
    assert (over.value, over.voltage, over.current) == (1.5, 3.0, OVERFLOW)
