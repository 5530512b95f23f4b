"""A driver of your own: the LM1, a source meter that sources a voltage and measures the current."""

import math
from dataclasses import asdict, replace

from pymeasure.instruments import Instrument

from tsbench.errors import LimitError
from tsbench.instruments.driver import DriverDeclaration
from tsbench.instruments.interfaces import (
    Accuracy,
    MeasureSettings,
    OutputState,
    Range,
    Reading,
    SourceMeterCapabilities,
    SourceSettings,
)
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.records import Flag

DRIVERS = DriverDeclaration(
    name="lab_meter", kind="source meter", models="LM1 of our lab", model_pattern="LM1", driver="lab_meter:LabMeter")


class LabMeter(ScpiInstrument):
    """One output of 10 V and 1 mA; one reading at a time, over one power-line cycle."""

    title = "LM1"
    repeatable = (*ScpiInstrument.repeatable, ":VOLTage?", ":LIMit?", ":OUTPut?")
    capabilities = SourceMeterCapabilities(
        source_voltage=Range(-10.0, 10.0, "V"), source_current=Range(-1.05e-3, 1.05e-3, "A"),
        compliance_current=Range(1e-6, 1.05e-3, "A"), compliance_voltage=Range(0.0, 0.0, "V"),
        nplc=Range(1.0, 1.0, ""), maximum_sweep_points=1, minimum_dwell=1e-3,
        current_accuracy=(Accuracy(1e-3, 1e-3, 1e-7),), voltage_accuracy=(Accuracy(10.0, 1e-3, 1e-3),),
        source_voltage_accuracy=(Accuracy(10.0, 1e-3, 1e-3),), source_current_accuracy=(), line_frequency=50.0,
    )
    source: SourceSettings | None = None
    level = Instrument.control(":VOLT?", ":VOLT %g", """Control the level [V].""")
    compliance = Instrument.control(":LIM?", ":LIM %g", """Control the compliance [A].""")

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        if settings.function != "voltage":
            raise LimitError(f"{self.label}: function = {settings.function}, but it sources a voltage only. "
                             "Choose function = voltage")
        self.compliance = settings.compliance
        self.check_errors()
        found = self.accepted("compliance", settings.compliance, self.compliance, "A")
        self.source = settings.read_back(found, settings.range)
        return self.source

    def configure_measure(self, settings: MeasureSettings) -> MeasureSettings:
        if settings.function != "current":
            raise LimitError(f"{self.label}: function = {settings.function}, but it measures the current only. "
                             "Choose function = current")
        return replace(settings, nplc=1.0, range=None)

    def set_level(self, level: float) -> None:
        self.level = level
        self.check_errors()
        self.accepted("level", level, self.level, "V", absolute=1e-3)

    def set_output(self, enabled: bool) -> None:
        self.write(f":OUTP {'ON' if enabled else 'OFF'}")
        self.check_errors()

    def measure(self) -> Reading:
        time, current, limited = self.ask_list(":READ?")
        flags = Flag.COMPLIANCE if limited else Flag.NONE
        if abs(current) > 1.0:   # SCPI's number for a reading beyond the range
            current, flags = math.nan, flags | Flag.OVERFLOW
        return Reading(time, self.level, self.level, current, flags)

    def start_sweep(self, levels: object, dwell: float) -> None:
        raise LimitError(f"{self.label}: this meter has no sweeps. Take the readings one by one")

    def poll_sweep(self) -> int:
        return 0

    def sweep_running(self) -> bool:
        return False

    def fetch_sweep(self, first: int, last: int) -> list[Reading]:
        return []

    def safe_state(self) -> None:
        self.send(":OUTP OFF", ":VOLT 0")

    @property
    def output_names(self) -> tuple[str, ...]:
        return (self.name,)

    def output_states(self) -> list[OutputState]:
        return [OutputState(self.name, self.ask_switch(":OUTP?"))]

    def accepted_settings(self) -> dict[str, object]:
        settings = asdict(self.source) if self.source else {}
        return {f"source_{name}": value for name, value in settings.items() if value is not None}

    def accuracy(self) -> dict[str, dict[str, float]]:
        return {
            "measure_current:0.001": asdict(self.capabilities.current_accuracy[0]),
            "source_voltage:10": asdict(self.capabilities.source_voltage_accuracy[0]),
        }
