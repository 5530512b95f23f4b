"""Driver of the Keysight B2901A, B2902A, B2911A and B2912A (SCPI Command Reference B2910-90030)."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import (
    HasSenseLeads,
    Interlocked,
    LimitReadable,
    OutputOffSelectable,
    OutputState,
    SourceMeter,
    SourceMeterPulses,
    SourceMeterSampling,
    TriggerLinked,
)
from tsbench.instruments.keysight_b2900.data_sheet import MODELS, REPEATABLE
from tsbench.instruments.keysight_b2900.source_meter import OUTPUT_OFF, ChannelSourceMeter
from tsbench.instruments.languages.scpi_instrument import ScpiInstrument
from tsbench.instruments.source_meters.readings import ELEMENTS
from tsbench.instruments.source_meters.records import accuracy_tables


class KeysightB2900(ScpiInstrument):
    """The box with its channels: 210 V, 3.03 A and 31.8 W each.

    Parameters
    ----------
    output_off : str
        What the terminals are when an output is off: ``normal`` (0 V, then the relay opens), ``high_impedance`` (the
        relay opens at once) or ``zero`` (0 V, the relay stays closed).
    four_wire : bool
        Sense the voltage at the device, with leads from the sense terminals.
    """

    title = "Keysight B2900A"
    repeatable = REPEATABLE

    def __init__(
        self, adapter: Any, name: str = "source_meter", output_off: str = "normal", four_wire: bool = False,
        **kwargs: Any,
    ) -> None:
        if output_off not in OUTPUT_OFF:
            raise ConfigurationError(
                f"{name}: output_off = '{output_off}' is unknown{nearest(str(output_off), OUTPUT_OFF)}")
        self._off_mode, self.four_wire = OUTPUT_OFF[output_off], four_wire
        self.channels: dict[int, ChannelSourceMeter] = {}
        super().__init__(adapter, name, **kwargs)
        model = MODELS.get(self.identity.model.strip().upper())
        if model is None:
            raise ConfigurationError(f"{self.label}: the model {self.identity.model} is not one of {', '.join(MODELS)}")
        self.call_it(f"Keysight {self.identity.model.strip()}")
        self.channels = {
            number: ChannelSourceMeter(self, number, model, four_wire) for number in range(1, model.channels + 1)}

    def initialise(self) -> None:
        """After a reset: elements of readings, mains frequency; of each channel off state and way of sensing."""
        frequency = self.ask_number(":SYST:LFR?")
        self.send(f":FORM:ELEM:SENS {ELEMENTS}", ":SYST:TIME:TIM:COUN:RES:AUTO OFF")
        for n, channel in self.channels.items():
            self.send(
                f":OUTP{n}:OFF:MODE {self._off_mode}", f":SENS{n}:REM {'ON' if self.four_wire else 'OFF'}",
                f':SENS{n}:FUNC "VOLT","CURR"')
            channel.capabilities = dataclasses.replace(channel.capabilities, line_frequency=frequency)
            channel.off_mode = self._off_mode
            channel.forget()

    # ------------------------------------------------------------------------------------------- outputs

    def terminal(self, channel: str) -> ChannelSourceMeter:
        """Return a channel ("": the first)."""
        if not channel:
            return self.channels[1]
        if not channel.isdigit() or int(channel) not in self.channels:
            raise ConfigurationError(
                f"{self.label} has no channel {channel}. It has {', '.join(map(str, self.channels))}")
        return self.channels[int(channel)]

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the names of all outputs."""
        return tuple(channel.output for channel in self.channels.values())

    def output_states(self) -> Sequence[OutputState]:
        """Read all outputs back."""
        return [state for channel in self.channels.values() for state in channel.output_states()]

    def safe_state(self) -> None:
        """Stop, open all outputs, set all levels to zero."""
        for channel in self.channels.values():
            channel.safe_state()

    def abort(self) -> None:
        """Stop all channels."""
        for channel in self.channels.values():
            channel.abort()

    # ------------------------------------------------------------------------------------------ run file

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up of the channels that were configured, as last read back; of several, with their numbers."""
        used = {n: found for n, channel in self.channels.items() if (found := channel.accepted_settings())}
        modes = {n: channel.off_mode for n, channel in self.channels.items()}
        common: dict[str, object] = {
            **({"output_off": modes[1]} if len({*modes.values()}) == 1 else
               {f"{n}.output_off": mode for n, mode in modes.items()}),
            "four_wire": self.four_wire,
            "line_frequency": self.channels[1].capabilities.line_frequency}
        if len(used) == 1:
            return common | dict(next(iter(used.values())))
        return common | {f"{n}.{key}": value for n, found in used.items() for key, value in found.items()}

    def accuracy(self) -> Mapping[str, Mapping[str, float]]:
        """Return the accuracy of every range, the same for all channels."""
        return accuracy_tables(self.channels[1].capabilities)


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = KeysightB2900
    _as_source_meter: type[SourceMeter] = ChannelSourceMeter
    _as_pulses: type[SourceMeterPulses] = ChannelSourceMeter
    _as_sampling: type[SourceMeterSampling] = ChannelSourceMeter
    _as_trigger_linked: type[TriggerLinked] = ChannelSourceMeter
    _as_sense_leads: type[HasSenseLeads] = ChannelSourceMeter
    _as_interlocked: type[Interlocked] = ChannelSourceMeter
    _as_output_off: type[OutputOffSelectable] = ChannelSourceMeter
    _as_limit_readable: type[LimitReadable] = ChannelSourceMeter
