"""B1500A: high-speed spot readings, ranges and converters (TV, TI, TTV, TTI, RI, RV, CMM, AAD, AIT, AV, AZ, WAT)."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from tsbench.simulated_backends.flex.data_format import Datum
from tsbench.simulated_backends.flex.parameters import ChannelNumber, FlexParameter, Whole, flex
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.mainframe import Mainframe
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

CODE = Whole(optional=True)
Reading = Generator[float, None, list[Datum]]


class Readings:
    """Takes readings of the channels and gives them as data.

    Parameters
    ----------
    frame : Mainframe
    """

    def __init__(self, frame: Mainframe) -> None:
        self._frame = frame

    def others_limit(self, channel: SourceChannel) -> bool:
        """Whether another channel that is on has reached its compliance."""
        return any(one is not channel and one.is_on and one.output.stage.limiting()
                   for one in self._frame.slots.sources.values())

    def take(
        self, channel: SourceChannel, quantity: str, code: int, converter: int | None = None,
    ) -> Generator[float, None, MeterReading]:
        """Take one reading of a channel in a range."""
        channel.prepare(quantity, code)
        self._frame.converters.apply(channel, quantity, converter)
        reading: MeterReading = yield from channel.measurer.take()
        return reading

    def data(self, channel: SourceChannel, quantity: str, code: int, converter: int | None = None) -> Reading:
        """Take one reading and return it as data."""
        reading = yield from self.take(channel, quantity, code, converter)
        return self._frame.data.reading(channel, reading, self.others_limit(channel))

    def of_channels(self, channels: Sequence[SourceChannel]) -> Reading:
        """Read what CMM, RI and RV say of each channel, one after the other; both quantities in one aperture."""
        found: list[Datum] = []
        for channel in channels:
            quantity, *forced = channel.quantities()
            reading = yield from self.take(channel, quantity, channel.range_codes[quantity])
            for one in (reading, *(replace(reading, quantity=also, value=reading.source_value) for also in forced)):
                found += self._frame.data.reading(channel, one, self.others_limit(channel))
        return found


class SpotCommands:
    """High-speed spot readings, and the settings of readings.

    Parameters
    ----------
    frame : Mainframe
    readings : Readings
    """

    def __init__(self, frame: Mainframe, readings: Readings) -> None:
        self._frame = frame
        self._readings = readings

    # -------------------------------------------------------------------------------------------- spots

    def _spot(
        self, channel: int, quantities: Sequence[tuple[str, int]], timed: bool = False,
    ) -> Generator[float, None, None]:
        source, data = self._frame.slots.source(channel), self._frame.data
        for quantity, code in quantities:
            source.require_range_code(quantity, code)
        source.require_on()
        data.begin()
        found: list[Datum] = []
        for quantity, code in quantities:
            start = data.now()
            reading = yield from self._readings.take(source, quantity, code)
            if timed:
                found.append(data.time(start, source.slot))
            elif data.stamped:
                found.append(data.time(reading.time, source.slot))
            found.append(data.reading(source, reading, self._readings.others_limit(source))[-1])
        data.put(found, last=True)

    @flex("TI", ChannelNumber(), CODE)
    def _current(self, channel: int, code: int = 0) -> Generator[float, None, None]:
        return self._spot(channel, [("CURR", code)])

    @flex("TV", ChannelNumber(), CODE)
    def _voltage(self, channel: int, code: int = 0) -> Generator[float, None, None]:
        return self._spot(channel, [("VOLT", code)])

    @flex("TIV", ChannelNumber(), CODE, CODE)
    def _both(self, channel: int, current: int = 0, voltage: int = 0) -> Generator[float, None, None]:
        return self._spot(channel, [("CURR", current), ("VOLT", voltage)])

    @flex("TTI", ChannelNumber(), CODE)
    def _timed_current(self, channel: int, code: int = 0) -> Generator[float, None, None]:
        return self._spot(channel, [("CURR", code)], timed=True)

    @flex("TTV", ChannelNumber(), CODE)
    def _timed_voltage(self, channel: int, code: int = 0) -> Generator[float, None, None]:
        return self._spot(channel, [("VOLT", code)], timed=True)

    @flex("TTIV", ChannelNumber(), CODE, CODE)
    def _timed_both(self, channel: int, current: int = 0, voltage: int = 0) -> Generator[float, None, None]:
        return self._spot(channel, [("CURR", current), ("VOLT", voltage)], timed=True)

    # ----------------------------------------------------------------------------------------- settings

    @flex("RI", ChannelNumber(), Whole())
    def _current_range(self, channel: int, code: int) -> None:
        self._set_range(channel, "CURR", code)

    @flex("RV", ChannelNumber(), Whole())
    def _voltage_range(self, channel: int, code: int) -> None:
        self._set_range(channel, "VOLT", code)

    def _set_range(self, channel: int, quantity: str, code: int) -> None:
        source = self._frame.slots.source(channel)
        source.require_range_code(quantity, code)
        source.range_codes[quantity] = code

    @flex("RM", ChannelNumber(), Whole(1, 3), Whole(11, 100, optional=True))
    def _ranging_rule(self, channel: int, mode: int, rate: int = 50) -> None:
        self._frame.slots.source(channel).ranging_rule = (mode, rate)

    @flex("CMM", ChannelNumber(), Whole(0, 4))
    def _operation(self, channel: int, mode: int) -> None:
        self._frame.slots.source(channel).operation = mode

    @flex("AAD", ChannelNumber(), Whole(0, 2))
    def _converter(self, channel: int, kind: int) -> None:
        source = self._frame.slots.source(channel)
        if kind != 2:   # readings without pulses never use the converter for pulses
            source.converter = kind

    @flex("AIT", Whole(0, 2), Whole(0, 3), FlexParameter(optional=True))
    def _integration(self, kind: int, mode: int, n: float | None = None) -> None:
        self._frame.converters.set(kind, mode, n)

    @flex("AV", Whole(-100, 1023), Whole(0, 1, optional=True))
    def _average(self, number: int, mode: int = 0) -> None:
        self._frame.converters.average(number, bool(mode))

    @flex("AZ", Whole(0, 1))
    def _zero(self, on: int) -> None:
        self._frame.converters.zero = bool(on)

    @flex("WAT", Whole(1, 2), FlexParameter(0, 10), FlexParameter(0, 1, optional=True))
    def _wait(self, kind: int, factor: float, offset: float = 0.0) -> None:
        self._frame.converters.waits[kind] = (factor, offset)

    @flex("PAD", Whole(0, 1))
    def _parallel(self, on: int) -> None:
        self._frame.parallel = bool(on)

    # -------------------------------------------------------------------------------------- output data

    @flex("FMT", Whole(1, 25), Whole(0, 10, optional=True))
    def _format(self, number: int, mode: int = 0) -> None:
        self._frame.data.format.set(number, mode)
        self._frame.exchange.clear_data()

    @flex("TSC", Whole(0, 1))
    def _stamp(self, on: int) -> None:
        self._frame.data.stamped = bool(on)

    @flex("TSR", ChannelNumber(optional=True))
    def _clear_timer(self, channel: int | None = None) -> None:
        if channel is not None:
            self._frame.slots.source(channel).require_on()
        self._frame.data.timer_start = self._frame.data.now()

    @flex("TSQ")
    def _timer(self) -> None:
        data = self._frame.data
        data.begin()
        data.put([data.time(data.now(), 0)], last=True)
