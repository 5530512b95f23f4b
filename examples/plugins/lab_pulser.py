"""A driver of your own: the LP1, a pulse generator with one output."""

from collections.abc import Mapping
from typing import Literal

from tsbench.errors import ConfigurationError, LimitError
from tsbench.instruments.driver import DriverDeclaration
from tsbench.instruments.interfaces import (
    Accuracy,
    ArbitraryWaveform,
    OutputState,
    Pulse,
    PulseGeneratorCapabilities,
    Range,
)
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.levels import emf_of_level, level_of_emf

DRIVERS = DriverDeclaration(
    name="lab_pulser", kind="pulse generator", models="LP1 of our lab", model_pattern="LP1",
    driver="lab_pulser:LabPulser")


class LabPulser(ScpiInstrument):
    """Pulses and a level of ±10 V behind 50 Ohm. The LP1 counts in volts into an open circuit."""

    title = "LP1"
    channel = 1
    repeatable = (*ScpiInstrument.repeatable, ":{BASE|TOP|WIDTh|PERiod|RISE|FALL|COUNt|OUTPut}?")
    capabilities = PulseGeneratorCapabilities(
        level_into_50_ohm=Range(-5.0, 5.0, "V"), level_into_open=Range(-10.0, 10.0, "V"),
        pulse_width=Range(50e-9, 1.0, "s"), pulse_period=Range(200e-9, 10.0, "s"), edge_time=Range(5e-9, 1e-6, "s"),
        burst_count=Range(1, 1000, ""), sample_rate=Range(1.0, 1.0, "Hz"), arbitrary_points=Range(0, 0, ""),
        output_resistance=50.0, level_accuracy=Accuracy(5.0, 0.01, 2e-3), timebase_accuracy=1e-5,
    )
    load = 50.0  #: [Ohm] that levels are meant for; the LP1 does not know it
    pending = False  #: whether a burst may still play

    def initialise(self) -> None:
        self.load, self.pending, self.found = 50.0, False, dict[str, object]()

    def configure_load(self, load_resistance: float) -> float:
        self.load = load_resistance
        return self.load

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        return low, high  # the LP1 has none of its own; tsbench refuses a level beyond them

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        self.write(":MODE PULS")
        base, top = self.set_level("BASE", pulse.base), self.set_level("TOP", pulse.base + pulse.amplitude)
        accepted = Pulse(
            base, top - base, self.set("WIDT", pulse.width, "s"), self.set("PER", pulse.period, "s"),
            self.set("RISE", pulse.rise_time, "s"), self.set("FALL", pulse.fall_time, "s"))
        self.found |= {f"pulse_{name}": value for name, value in vars(accepted).items()}
        return accepted

    def configure_level(self, level: float) -> float:
        self.write(":MODE DC")
        self.found["level"] = accepted = self.set_level("BASE", level)
        return accepted

    def load_waveform(self, waveform: ArbitraryWaveform) -> None:
        raise LimitError(f"{self.label}: it plays only pulses. Choose a protocol without arbitrary waveforms")

    def configure_burst(self, count: int, source: Literal["bus", "external"] = "bus") -> int:
        if source != "bus":
            raise LimitError(f"{self.label}: source = {source}, but it has no trigger input. Use source = bus")
        return int(self.set("COUN", count, ""))

    def set(self, name: str, value: float, unit: str, absolute: float = 1e-10) -> float:
        """Set a value and return it as it was read back; an error where the LP1 did something else."""
        self.write(f":{name} {value:.9g}")
        self.check_errors()
        return self.accepted(name, value, self.ask_number(f":{name}?"), unit, absolute=absolute)

    def set_level(self, name: str, level: float) -> float:
        """Set a level [V into the load]."""
        return level_of_emf(self.set(name, emf_of_level(level, self.load), "V", absolute=1e-3), self.load)

    def set_output(self, enabled: bool) -> None:
        self.write(f":OUTP {'ON' if enabled else 'OFF'}")
        self.check_errors()

    def trigger(self) -> None:
        self.ask("*ESR?")  # forget earlier completions
        self.send("*TRG", "*OPC")
        self.pending = True

    def burst_running(self) -> bool:
        self.pending = self.pending and not int(self.ask_number("*ESR?")) & 1  # bit 0: operation complete
        return self.pending

    def abort(self) -> None:
        self.write(":ABOR")
        self.pending = False

    def safe_state(self) -> None:
        self.send(":OUTP OFF", ":MODE DC", ":BASE 0")

    def terminal(self, channel: str) -> "LabPulser":
        if channel not in ("", "1"):
            raise ConfigurationError(f"{self.label} has no output {channel}. It has output 1")
        return self

    @property
    def output_names(self) -> tuple[str, ...]:
        return (f"{self.name}.1",)

    def output_states(self) -> list[OutputState]:
        return [OutputState(f"{self.name}.1", self.ask_switch(":OUTP?"))]

    def accepted_settings(self) -> Mapping[str, object]:
        return {"load_resistance": self.load, **self.found}

    def accuracy(self) -> dict[str, dict[str, float]]:
        return {"level": {"full_scale": 5.0, "gain": 0.01, "offset": 2e-3}, "timebase": {"relative": 1e-5}}
