"""One output of a generator: what the families share. Each family adds its words.

A change of function switches the output off
first: amplitude, offset and burst state of the old function would otherwise appear on the device for a moment.
Switching on again is the caller's decision.
"""

import dataclasses
from collections.abc import Mapping
from typing import Literal

from tsbench.errors import InstrumentError
from tsbench.instruments.generators.output_words import OutputWords
from tsbench.instruments.generators.requests import require_pulse, require_span, sampled
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import ArbitraryWaveform, OutputState, Pulse, PulseGeneratorCapabilities
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.levels import levels_to_codes
from tsbench.records import Identity

_OF_EVERY_FUNCTION = {"burst", "burst_count", "trigger_source"}  #: settings that outlive a change of function
_OPERATION_COMPLETE = 1  #: bit of *ESR?


class GeneratorOutput(OutputWords):
    """One output; a :class:`~tsbench.instruments.PulseGenerator`.

    Parameters
    ----------
    parent : the generator
    channel : number of the output, from 1
    capabilities : of one output of this model
    byte_order : of the blocks it is sent: ``big``, or ``little`` where the family can be set to it
    """

    reads_output_back = True  #: after :meth:`set_output`, which raises where the output did not switch

    def __init__(
        self, parent: ScpiInstrument, channel: int, capabilities: PulseGeneratorCapabilities, byte_order: str
    ) -> None:
        self.channel = channel
        self.generator = parent
        self.capabilities = capabilities
        self.identity: Identity = parent.identity
        self.label = f"{parent.label} channel {channel}"
        self._byte_order = byte_order
        self._messages = self.messages_class(parent, channel)
        self._found: dict[str, object] = {}  #: as it was last read back
        self._levels = self.levels_class(parent, channel, capabilities, self.label, self._found, self.headers)
        self.forget()

    def forget(self) -> None:
        """Forget the set-up (after a reset)."""
        self._levels.forget()
        self._function: str | None = None
        self._burst = False
        self._pending = False
        self._found.clear()
        self._found |= {"function": None, "burst": False}

    # ------------------------------------------------------------------------------------ configuration

    def configure_load(self, load_resistance: float) -> float:
        """Declare the load [Ohm, inf: open circuit] that levels are meant for; the output does not change.

        Level limits are volts into the load too: another load drops them.
        """
        return self._levels.declare_load(load_resistance)

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        """Set the generator's own limits [V into the load]; they act from the next level set on."""
        return self._levels.set_limits(low, high)

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        """Set levels, width, period and edges; the output idles at ``base``."""
        require_pulse(self.label, pulse, self.capabilities, self._levels.allowed(), self._levels.minimum_amplitude())
        self._change_function("pulse")
        self._send_timing(pulse)
        low, high = self._levels.set_levels(pulse.base, pulse.base + pulse.amplitude)
        if min(pulse.rise_time, pulse.fall_time) < self.quickest_edge:   # an earlier, larger amplitude forbids them
            self._messages.send(*self.headers.edges(pulse.rise_time, pulse.fall_time))
        accept, (width, period, rise, fall) = self.generator.accepted, self._timing()
        base, top = (high, low) if pulse.amplitude < 0 else (low, high)
        accepted = Pulse(
            base=base, amplitude=top - base,
            width=accept("pulse width", pulse.width, width, "s", absolute=1e-10),
            period=accept("pulse period", pulse.period, period, "s", absolute=1e-10),
            rise_time=accept("rise time", pulse.rise_time, rise, "s", 0.02, 1e-10),
            fall_time=accept("fall time", pulse.fall_time, fall, "s", 0.02, 1e-10),
        )
        self._found |= {f"pulse_{name}": value for name, value in dataclasses.asdict(accepted).items()}
        return accepted

    def configure_level(self, level: float) -> float:
        """Set a DC level [V into the load]."""
        require_in_range(self.label, "level", level, self._levels.allowed())
        if self._function != "dc":
            self._change_function("dc")
            self._burst = False
            self._found["burst"] = False
        accepted = self._levels.set_level(level)
        self._found["level"] = accepted
        return accepted

    def load_waveform(self, waveform: ArbitraryWaveform) -> None:
        """Send an arbitrary waveform as 16-bit codes and select it."""
        caps = self.capabilities
        levels, rate = sampled(waveform, caps)
        require_in_range(self.label, "number of waveform points", levels.size, caps.arbitrary_points)
        require_in_range(self.label, "sample rate", rate, caps.sample_rate)
        require_span(self.label, float(levels.min()), float(levels.max()), caps, self._levels.allowed())
        dac = levels_to_codes(levels, self._levels.minimum_amplitude(), self.headers.full_scale)
        self.set_output(False)  # the waveform in use is about to be dropped
        self._send_codes(dac.codes, rate, waveform.interpolation == "step")
        self._change_function("arbitrary")
        self._levels.set_levels(dac.offset - dac.amplitude / 2, dac.offset + dac.amplitude / 2)
        accepted = self.generator.accepted("sample rate", rate, self._settled_rate(rate, levels.size), "Hz")
        self._found |= {"waveform_points": int(levels.size), "waveform_sample_rate": accepted}

    def configure_burst(self, count: int, source: Literal["bus", "external"] = "bus") -> int:
        """Play ``count`` cycles at each trigger, from the bus or the trigger input."""
        require_in_range(self.label, "burst count", count, self.capabilities.burst_count)
        accepted = self.generator.accepted("burst count", count, self._send_burst(int(count), source), "", 0.0)
        self._burst = True
        self._found |= {"burst": True, "burst_count": int(accepted), "trigger_source": source}
        return int(accepted)

    # ---------------------------------------------------------------------------------------- operation

    def set_output(self, enabled: bool) -> None:
        """Switch the output relay and read back that it did."""
        self._messages.send(self.switching[enabled])
        if self._messages.is_on(self.headers.output) != enabled:
            raise InstrumentError(
                f"{self.label}: the output did not switch {'on' if enabled else 'off'}. Check for an overload"
            )

    def trigger(self) -> None:
        """Start one burst by a bus trigger; the generator tells when it is over."""
        if not self._burst:
            raise InstrumentError(f"{self.label}: no burst is configured. Call configure_burst first")
        self.generator.ask("*ESR?")  # forget earlier completions
        self.generator.send(*(command.format(ch=self.channel) for command in self.starting_burst), "*OPC")
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
        self.generator.write(self.switching[False].format(ch=self.channel))
        self.zero_level()

    def zero_level(self) -> None:
        """Set a level of 0 V whatever was set up before; for an output that is off.

        Level limits and a burst would stand in the way of it. The set-up has to be sent anew after this; what
        ``accepted_settings`` returns stays.
        """
        self.generator.send(*(command.format(ch=self.channel) for command in self.zeroing))
        self._function = None
        self._burst = self._pending = False
        self._levels.limits_are_off()

    def output_states(self) -> list[OutputState]:
        """Read the output back."""
        return [OutputState(f"{self.generator.name}.{self.channel}", self._messages.is_on(self.headers.output))]

    def check_errors(self) -> None:
        """Empty the instrument's error queue; InstrumentError if it holds any."""
        self.generator.check_errors()

    def clear(self) -> None:
        """Device clear."""
        self.generator.clear()

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of this output as it was last read back."""
        return {"load_resistance": self._levels.load, **self._found}

    def close(self) -> None:
        """Close the generator's connection."""
        self.generator.close()

    def _change_function(self, function: str) -> None:
        if self._function == function:
            return
        self.set_output(False)
        self._messages.send(*self._levels.lifting_limits(), *(self.ending_burst if function == "dc" else ()))
        self._messages.send(self.functions[function])
        self._function = function
        for key in self._found.keys() - _OF_EVERY_FUNCTION:
            del self._found[key]
        self._found["function"] = function
