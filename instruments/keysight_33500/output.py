"""One output of a Keysight 33500B or 33600A waveform generator.

Commands follow the family's Operating and Service Guide (33500-90901). Rules kept here:

- A change of function switches the output off first: amplitude, offset and burst state of the old function
  would otherwise appear on the device for a moment. Switching on again is the caller's decision.
- Levels go as amplitude and offset, the amplitude first at its smallest, so that no intermediate pair lies
  outside the levels asked for and none is refused for the order of the commands.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pymeasure.instruments import Instrument

from tsbench.errors import InstrumentError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    ArbitraryWaveform,
    OutputState,
    Pulse,
    PulseGeneratorCapabilities,
    Range,
)
from tsbench.instruments.keysight_33500 import data
from tsbench.instruments.keysight_33500.requests import require_pulse, sampled
from tsbench.instruments.languages.pymeasure_classes import TypedChannel
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.levels import emf_of_level, levels_to_codes
from tsbench.records import Identity

if TYPE_CHECKING:
    from tsbench.instruments.keysight_33500.driver import Keysight33500

_ARBITRARY = "TSB{ch}"  #: name of the waveform in the generator's memory
BYTE_ORDERS: Mapping[str, tuple[str, str]] = {"little": ("SWAP", "<i2"), "big": ("NORM", ">i2")}
_OF_EVERY_FUNCTION = ("burst", "burst_count", "trigger_source")  #: settings that outlive a change of function
_OPERATION_COMPLETE = 1  #: bit of *ESR?


class GeneratorChannel(TypedChannel):
    """One output; a :class:`~tsbench.instruments.PulseGenerator`."""

    output_enabled = Instrument.setting(
        ":OUTP{ch} %s", """Set the output (bool).""", map_values=True, values={True: "ON", False: "OFF"},
    )
    function = Instrument.control(
        ":SOUR{ch}:FUNC?", ":SOUR{ch}:FUNC %s", """Control the waveform ("pulse", "dc", "arbitrary").""",
        map_values=True, values={"pulse": "PULS", "dc": "DC", "arbitrary": "ARB"}, cast=str,
    )

    def __init__(self, parent: "Keysight33500", channel: int) -> None:
        super().__init__(parent, channel)
        self.channel = channel
        self.generator = parent
        self.capabilities: PulseGeneratorCapabilities = data.capabilities(parent.model)
        self.identity: Identity = parent.identity
        self.label = f"{parent.label} channel {channel}"
        self.load = data.OUTPUT_RESISTANCE
        self.forget()

    def forget(self) -> None:
        """Drop what is believed of the set-up (after a reset)."""
        self.load = data.OUTPUT_RESISTANCE
        self._function: str | None = None
        self._burst = False
        self._pending = False
        self._limits: tuple[float, float] | None = None
        self._limiting = False  #: whether the generator applies them
        self._found: dict[str, object] = {"function": None, "burst": False}  #: as it was last read back

    # ------------------------------------------------------------------------------------ configuration

    def configure_load(self, load_resistance: float) -> float:
        """Declare the load [Ohm, inf: open circuit] that levels are meant for; the output does not change.

        Level limits are volts into the load too: another load drops them.
        """
        text = "INF" if math.isinf(load_resistance) else format_number(load_resistance)
        if self._limits is not None and load_resistance != self.load:
            self._send(*self._unlimit())
            self._limits = None
        self._send(f":OUTP{{ch}}:LOAD {text}")
        got = self._number(":OUTP{ch}:LOAD?")
        self.load = self.generator.accepted("load", load_resistance, got, "Ohm")
        self._read_levels()
        return self.load

    def _read_levels(self) -> None:
        """Read again the levels that another load has moved: they are volts into it, the output stays what it is."""
        for name, command in (("amplitude", ""), ("offset", ":OFFS"), ("level", ":OFFS")):
            if name in self._found:
                self._found[name] = self._number(f":SOUR{{ch}}:VOLT{command}?")

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        """Set the generator's own limits [V into the load]; they act from the next level set on."""
        for level in (low, high):
            require_in_range(self.label, "level limit", level, self.level_range())
        upper = f":SOUR{{ch}}:VOLT:LIM:HIGH {format_number(high)}"
        lower = f":SOUR{{ch}}:VOLT:LIM:LOW {format_number(low)}"
        above = self._limits is None or high > self._limits[0]  # never a pair upside down on the way
        self._limiting = False
        self._send(":SOUR{ch}:VOLT:LIM:STAT OFF", *((upper, lower) if above else (lower, upper)))
        accept = self.generator.accepted
        self._limits = (
            accept("lower level limit", low, self._number(":SOUR{ch}:VOLT:LIM:LOW?"), "V", absolute=1e-3),
            accept("upper level limit", high, self._number(":SOUR{ch}:VOLT:LIM:HIGH?"), "V", absolute=1e-3),
        )
        return self._limits

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        """Set levels, width, period and edges; the output idles at ``base``."""
        require_pulse(self.label, pulse, self.capabilities, self.level_range(), self._minimum_amplitude())
        caps = self.capabilities
        self._change_function("pulse")
        narrow, quick = format_number(caps.pulse_width.low), format_number(caps.edge_time.low)
        timing = ":SOUR{ch}:FUNC:PULS"
        self._send(
            f":OUTP{{ch}}:POL {'INV' if pulse.amplitude < 0 else 'NORM'}",
            f"{timing}:HOLD WIDT", f"{timing}:TRAN:LEAD {quick}", f"{timing}:TRAN:TRA {quick}",
            f"{timing}:WIDT {narrow}", f"{timing}:PER {format_number(pulse.period)}",
            f"{timing}:WIDT {format_number(pulse.width)}",
            f"{timing}:TRAN:LEAD {format_number(pulse.rise_time)}",
            f"{timing}:TRAN:TRA {format_number(pulse.fall_time)}",
        )
        low, high = self._set_levels(pulse.base, pulse.base + pulse.amplitude)
        accept, ask = self.generator.accepted, self._number
        base, top = (high, low) if pulse.amplitude < 0 else (low, high)
        accepted = Pulse(
            base=base, amplitude=top - base,
            width=accept("pulse width", pulse.width, ask(f"{timing}:WIDT?"), "s", absolute=1e-10),
            period=accept("pulse period", pulse.period, ask(f"{timing}:PER?"), "s", absolute=1e-10),
            rise_time=accept("rise_time", pulse.rise_time, ask(f"{timing}:TRAN:LEAD?"), "s", 0.02, 1e-10),
            fall_time=accept("fall_time", pulse.fall_time, ask(f"{timing}:TRAN:TRA?"), "s", 0.02, 1e-10),
        )
        self._found |= {f"pulse_{name}": value for name, value in dataclasses.asdict(accepted).items()}
        return accepted

    def configure_level(self, level: float) -> float:
        """Set a DC level [V into the load]."""
        require_in_range(self.label, "level", level, self.level_range())
        if self._function != "dc":
            self._change_function("dc")
            self._burst = False
            self._found["burst"] = False
        self._send(f":SOUR{{ch}}:VOLT:OFFS {format_number(level)}")
        self._limit()
        got = self._number(":SOUR{ch}:VOLT:OFFS?")
        accepted = self.generator.accepted("level", level, got, "V", absolute=self._resolution())
        self._found["level"] = accepted
        return accepted

    def load_waveform(self, waveform: ArbitraryWaveform) -> None:
        """Send an arbitrary waveform as 16-bit codes and select it."""
        caps = self.capabilities
        levels, rate = sampled(waveform, caps)
        require_in_range(self.label, "number of waveform points", levels.size, caps.arbitrary_points)
        require_in_range(self.label, "sample_rate", rate, caps.sample_rate)
        for level in (float(levels.min()), float(levels.max())):
            require_in_range(self.label, "waveform level", level, self.level_range())
        dac = levels_to_codes(levels, self._minimum_amplitude(), data.DAC_FULL_SCALE)
        name = _ARBITRARY.format(ch=self.channel)
        order, kind = BYTE_ORDERS[self.generator.byte_order]
        self.set_output(False)  # the waveform in use is about to be dropped
        self._send(":OUTP{ch}:POL NORM", f":FORM:BORD {order}", ":SOUR{ch}:DATA:VOL:CLE")
        self.generator.write_block(
            f":SOUR{self.channel}:DATA:ARB:DAC {name},", dac.codes.astype(kind).tobytes()
        )
        self.generator.check_errors()
        self._send(
            f":SOUR{{ch}}:FUNC:ARB {name}",
            f":SOUR{{ch}}:FUNC:ARB:FILT {'OFF' if waveform.interpolation == 'step' else 'NORM'}",
            f":SOUR{{ch}}:FUNC:ARB:SRAT {format_number(rate)}",
        )
        self._change_function("arbitrary")
        self._set_levels(dac.offset - dac.amplitude / 2, dac.offset + dac.amplitude / 2)
        accepted = self.generator.accepted(
            "sample_rate", rate, self._number(":SOUR{ch}:FUNC:ARB:SRAT?"), "Hz"
        )
        self._found |= {"waveform_points": int(levels.size), "waveform_sample_rate": accepted}

    def configure_burst(self, count: int, source: Literal["bus", "external"] = "bus") -> int:
        """Play ``count`` cycles at each trigger, from the bus or the trigger input."""
        require_in_range(self.label, "burst count", count, self.capabilities.burst_count)
        self._send(
            f":TRIG{{ch}}:SOUR {'BUS' if source == 'bus' else 'EXT'}", ":SOUR{ch}:BURS:MODE TRIG",
            f":SOUR{{ch}}:BURS:NCYC {int(count)}", ":SOUR{ch}:BURS:STAT ON",
        )
        self._burst = True
        got = self.generator.accepted("burst count", count, self._number(":SOUR{ch}:BURS:NCYC?"), "", 0.0)
        self._found |= {"burst": True, "burst_count": int(got), "trigger_source": source}
        return int(got)

    # ---------------------------------------------------------------------------------------- operation

    def set_output(self, enabled: bool) -> None:
        """Switch the output relay and read back that it did."""
        self.output_enabled = enabled
        self.generator.check_errors()
        if self._is_on() != enabled:
            raise InstrumentError(
                f"{self.label}: output did not switch {'on' if enabled else 'off'}; check for an overload"
            )

    def trigger(self) -> None:
        """Start one burst by a bus trigger; the generator tells when it is over."""
        if not self._burst:
            raise InstrumentError(f"{self.label}: no burst is configured; call configure_burst first")
        self.generator.ask("*ESR?")  # forget earlier completions
        self.generator.send(f":TRIG{self.channel}", "*OPC")
        self._pending = True

    def burst_running(self) -> bool:
        """Ask whether the burst of the last bus trigger still plays."""
        if self._pending and int(self.generator.ask_number("*ESR?")) & _OPERATION_COMPLETE:
            self._pending = False
        return self._pending

    def abort(self) -> None:
        """Stop a running burst; the output idles at its base."""
        self.generator.write(":ABOR")
        self._pending = False

    def safe_state(self) -> None:
        """Open this output's relay, then bring its level to zero."""
        self.generator.write(f":OUTP{self.channel} OFF")
        self.zero_level()

    def zero_level(self) -> None:
        """Set a level of 0 V whatever was set up before; for an output that is off.

        Level limits and a burst would stand in the way of it. The set-up has to be sent anew after this; what
        ``accepted_settings`` returns stays.
        """
        source = f":SOUR{self.channel}"
        self.generator.send(
            f"{source}:VOLT:LIM:STAT OFF", f"{source}:BURS:STAT OFF", f"{source}:FUNC DC", f"{source}:VOLT:OFFS 0"
        )
        self._function = None
        self._burst = self._pending = self._limiting = False

    def output_states(self) -> list[OutputState]:
        """Read the output back."""
        return [OutputState(f"{self.generator.name}.{self.channel}", self._is_on())]

    def check_errors(self) -> None:
        """Empty the instrument's error queue; InstrumentError if it holds any."""
        self.generator.check_errors()

    def clear(self) -> None:
        """Device clear."""
        self.generator.clear()

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of this output as it was last read back."""
        return {"load_resistance": self.load, **self._found}

    def close(self) -> None:
        """Close the generator's connection."""
        self.generator.close()

    # ------------------------------------------------------------------------------------------- levels

    def level_range(self) -> Range:
        """Return the levels that can be made into the set load [V]."""
        top = self.capabilities.level_into_open.high / emf_of_level(1.0, self.load, data.OUTPUT_RESISTANCE)
        return Range(-top, top, "V")

    def _minimum_amplitude(self) -> float:
        return 2 * data.MINIMUM_AMPLITUDE / emf_of_level(1.0, self.load, data.OUTPUT_RESISTANCE)

    def _resolution(self) -> float:
        return self._minimum_amplitude() / 2

    def _set_levels(self, one: float, other: float) -> tuple[float, float]:
        """Set low and high level [V into the load] as amplitude and offset; return them as read back."""
        low, high = sorted((one, other))
        amplitude = high - low
        self._send(
            *self._unlimit(),
            f":SOUR{{ch}}:VOLT {format_number(self._minimum_amplitude())}",
            f":SOUR{{ch}}:VOLT:OFFS {format_number((low + high) / 2)}",
            f":SOUR{{ch}}:VOLT {format_number(amplitude)}",
        )
        self._limit()
        accept, absolute = self.generator.accepted, self._resolution()
        got = accept("amplitude", amplitude, self._number(":SOUR{ch}:VOLT?"), "V", absolute=absolute)
        middle = accept(
            "offset", (low + high) / 2, self._number(":SOUR{ch}:VOLT:OFFS?"), "V", absolute=absolute
        )
        self._found |= {"amplitude": got, "offset": middle}
        return middle - got / 2, middle + got / 2

    def _unlimit(self) -> list[str]:
        """Return what lifts the level limits: amplitude and offset move one by one and clash halfway."""
        lifted, self._limiting = self._limiting, False
        return [":SOUR{ch}:VOLT:LIM:STAT OFF"] if lifted else []

    def _limit(self) -> None:
        if self._limits is not None and not self._limiting:
            self._send(":SOUR{ch}:VOLT:LIM:STAT ON")
            self._limiting = True

    def _change_function(self, function: str) -> None:
        if self._function == function:
            return
        self.set_output(False)
        self._send(*self._unlimit(), *([":SOUR{ch}:BURS:STAT OFF"] if function == "dc" else []))
        self.function = function
        self.generator.check_errors()
        self._function = function
        self._found = {key: value for key, value in self._found.items() if key in _OF_EVERY_FUNCTION}
        self._found["function"] = function

    # ----------------------------------------------------------------------------------------- messages

    def _send(self, *commands: str) -> None:
        if not commands:
            return
        with self.generator.lock:
            for command in commands:
                self.write(command)
            self.generator.check_errors()

    def _is_on(self) -> bool:
        return self.generator.ask_switch(f":OUTP{self.channel}?")

    def _number(self, command: str) -> float:
        return self.generator.ask_number(command.format(ch=self.channel))
