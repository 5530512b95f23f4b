"""B1500A: output switches, constant sources, filter and series resistor (CN, CL, DV, DI, DZ, RZ, IN, FL, SSR)."""

from collections.abc import Generator
from typing import Any

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import Force, SourceChannel

CHANNELS = ChannelNumber(optional=True, many=True)
LEFT_OUT = FlexParameter(optional=True)
POLARITY = Whole(0, 1, optional=True)
CODE = Whole(optional=True)


class OutputCommands:
    """Switches and constant sources.

    Parameters
    ----------
    frame : Mainframe
    """

    def __init__(self, frame: Mainframe) -> None:
        self._frame = frame

    @flex("CN", CHANNELS)
    @flex("CNX", CHANNELS)
    def _connect(self, *channels: int) -> None:
        for output in self._frame.slots.outputs(channels):
            if isinstance(output, SourceChannel):
                output.switch_on()
            elif not output.is_on:
                output.switch(True)

    @flex("CL", CHANNELS)
    def _disconnect(self, *channels: int) -> Generator[float, None, None]:
        for output in self._frame.slots.outputs(channels):
            if isinstance(output, SourceChannel):
                yield from output.switch_off()
            elif output.is_on:
                output.switch(False)

    @flex("DV", ChannelNumber(), Whole(), FlexParameter(), LEFT_OUT, POLARITY, CODE)
    def _force_voltage(
        self, channel: int, code: int, level: float, compliance: float | None = None, polarity: int = 0,
        compliance_code: int = 0,
    ) -> None:
        self.force(self._frame.slots.source(channel), "VOLT", code, level, compliance, polarity, compliance_code)

    @flex("DI", ChannelNumber(), Whole(), FlexParameter(), LEFT_OUT, POLARITY, CODE)
    def _force_current(
        self, channel: int, code: int, level: float, compliance: float | None = None, polarity: int = 0,
        compliance_code: int = 0,
    ) -> None:
        self.force(self._frame.slots.source(channel), "CURR", code, level, compliance, polarity, compliance_code)

    @flex("TDV", ChannelNumber(), Whole(), FlexParameter(), LEFT_OUT, POLARITY, CODE)
    def _force_voltage_and_tell(self, channel: int, code: int, level: float, *rest: Any) -> None:
        self._force_voltage(channel, code, level, *rest)
        self._tell_time(channel)

    @flex("TDI", ChannelNumber(), Whole(), FlexParameter(), LEFT_OUT, POLARITY, CODE)
    def _force_current_and_tell(self, channel: int, code: int, level: float, *rest: Any) -> None:
        self._force_current(channel, code, level, *rest)
        self._tell_time(channel)

    def _tell_time(self, channel: int) -> None:
        data = self._frame.data
        data.begin()
        data.put([data.time(data.now(), self._frame.slots.source(channel).slot)], last=True)

    def force(
        self, channel: SourceChannel, function: str, code: int, level: float, compliance: float | None,
        polarity: int = 0, compliance_code: int = 0,
    ) -> None:
        """Check and carry out a source command."""
        other = "CURR" if function == "VOLT" else "VOLT"
        channel.output_range(function, code, level)
        channel.require_range_code(other, compliance_code)
        allowed = channel.compliance(function, compliance, level)
        self._frame.require_interlock(level if function == "VOLT" else allowed)
        channel.require_on()
        channel.memorised = None
        channel.force(Force(function, code, level, allowed, polarity, compliance_code))

    @flex("DZ", CHANNELS)
    def _zero(self, *channels: int) -> None:
        chosen = self._frame.slots.chosen(channels)
        for channel in chosen if channels else [channel for channel in chosen if channel.is_on]:
            channel.zero()

    @flex("RZ", CHANNELS)
    def _restore(self, *channels: int) -> None:
        chosen = self._frame.slots.chosen(channels)
        if not channels:
            chosen = [channel for channel in chosen if channel.memorised is not None]
            if not chosen:
                raise FlexError(205)
        for channel in chosen:
            channel.restore()

    @flex("IN", CHANNELS)
    def _initialise(self, *channels: int) -> Generator[float, None, None]:
        for channel in self._frame.slots.chosen(channels):
            yield from channel.switch_off()
            channel.reset()

    @flex("FL", Whole(0, 1), CHANNELS)
    def _filter(self, on: int, *channels: int) -> None:
        for channel in self._frame.slots.chosen(channels):
            channel.set_filter(bool(on))

    @flex("SSR", ChannelNumber(), Whole(0, 1))
    def _series_resistor(self, channel: int, on: int) -> None:
        self._frame.slots.source(channel).set_series_resistor(bool(on))

    @flex("WZ?", FlexParameter(0, 655.35, optional=True))
    def _all_at_zero(self, timeout: float = 0.0) -> Generator[float, None, str]:
        """Whether all outputs are within 2 V; waits for that at most ``timeout`` [s]."""
        end = self._frame.data.now() + timeout
        while True:
            high = any(
                channel.is_on and abs(channel.output.stage.present("VOLT")) > 2.0
                for channel in self._frame.slots.sources.values())
            if not high or self._frame.data.now() >= end:
                return str(int(high))
            yield min(1e-3, end - self._frame.data.now())
