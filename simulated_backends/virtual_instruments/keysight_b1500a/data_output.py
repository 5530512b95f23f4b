"""Output data of a B1500A: readings become data of the FMT format and go into the output data buffer."""

from collections.abc import Sequence

from tsbench.simulated_backends.flex.data_format import DataFormat, Datum
from tsbench.simulated_backends.flex.exchange import FlexExchange
from tsbench.simulated_backends.services.clock import BenchClock
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.source_module import SourceChannel
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import OVERFLOW
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import MeterReading

TIME_STEP = 100e-6  #: [s] best resolution of a time stamp


class DataOutput:
    """Format, time stamps, and the measurement whose data are being given.

    Parameters
    ----------
    exchange : FlexExchange
    clock : BenchClock
    """

    def __init__(self, exchange: FlexExchange, clock: BenchClock) -> None:
        self._exchange = exchange
        self._clock = clock
        self.format = DataFormat()
        self.stamped = False  #: TSC
        self.timer_start = 0.0  #: [s] bench time of TSR
        self._begun = False
        self.count = 0  #: data in the present measurement

    def reset(self) -> None:
        """Take the settings after ``*RST``."""
        self.format = DataFormat()
        self.stamped = False
        self._exchange.clear_data()

    def begin(self) -> None:
        """A measurement starts."""
        self._begun, self.count = False, 0

    def put(self, data: Sequence[Datum], last: bool = False) -> None:
        """Give data of a measurement; ``last``: they are its last."""
        texts = [self.format.text(datum, last and place == len(data) - 1) for place, datum in enumerate(data)]
        text = ("," if self._begun and not self.format.separated else "") + ",".join(texts)
        if self.format.separated:
            text += ","
        self._begun = True
        self.count += len(data)
        self._exchange.put_data(text.encode(), last and not self.format.separated)

    def break_off(self) -> None:
        """The measurement was aborted: END follows what has been given."""
        if self._begun and not self.format.separated:
            self._exchange.put_data(b"", True)

    # ------------------------------------------------------------------------------------------- data

    def time(self, moment: float, channel: int) -> Datum:
        """Return a moment [s of bench time] as the time since TSR."""
        seconds = round((moment - self.timer_start) / TIME_STEP) * TIME_STEP
        return Datum(seconds, channel, "T", 1.0)

    def reading(self, channel: SourceChannel, reading: MeterReading, others: bool) -> list[Datum]:
        """Return a reading, behind its time if TSC asks for that; ``others``: another channel limits."""
        over = not abs(reading.value) < OVERFLOW
        status = "V" if over else "C" if reading.limited else "T" if others else "N"
        kind = "V" if reading.quantity == "VOLT" else "I"
        row = channel.measurer.measuring_range(reading.quantity)
        datum = Datum(float("nan") if over else reading.value, channel.slot, kind, row.full_scale, status)
        return [self.time(reading.time, channel.slot), datum] if self.stamped else [datum]

    def source(self, channel: SourceChannel, function: str, level: float, last: bool) -> Datum:
        """Return the level of a source."""
        row = channel.output.source_range(function)
        return Datum(level, channel.slot, "v" if function == "VOLT" else "i", row.full_scale, "E" if last else "W")

    @staticmethod
    def missing(channel: SourceChannel, quantity: str) -> Datum:
        """Return what stands for a reading that was not taken, because the measurement had been stopped."""
        row = channel.measurer.measuring_range(quantity)
        return Datum(float("nan"), channel.slot, "V" if quantity == "VOLT" else "I", row.full_scale, "V")

    def now(self) -> float:
        """Return the bench time [s]."""
        return self._clock.now
