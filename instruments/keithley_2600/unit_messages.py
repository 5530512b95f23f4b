"""Messages to one unit of a Keithley 2600B, and the programs of its trigger model (2600BS-901-01, section 3)."""

from typing import TYPE_CHECKING

from tsbench.instruments.interfaces import SourcePulses
from tsbench.instruments.keithley_2600.data_sheet import LIST_CHUNK
from tsbench.instruments.languages.scpi import format_number
from tsbench.records import FloatArray

if TYPE_CHECKING:
    from tsbench.instruments.languages.tsp import TspInstrument

_IDLE, _HOLD = 0, 1  #: where the level goes at the end of a pulse or a sweep


class UnitMessages:
    """Sends messages in which ``smuX`` stands for the unit.

    Parameters
    ----------
    instrument : TspInstrument
    letter : "a" or "b"
    """

    def __init__(self, instrument: "TspInstrument", letter: str) -> None:
        self._instrument = instrument
        self.smu = f"smu{letter}"
        self._timers = (1, 2) if letter == "a" else (3, 4)
        self.forget()

    def forget(self) -> None:
        """Forget the delays (after a reset)."""
        self._delays: tuple[float, float] | None = None

    def send(self, *messages: str) -> None:
        """Send messages."""
        self._instrument.send(*(self.named(message) for message in messages))

    def named(self, message: str) -> str:
        """Return a message to this unit."""
        return message.replace("smuX", self.smu)

    def number(self, value: str) -> float:
        """Return one number; NaN for an overflow."""
        return self._instrument.number(self.named(value))

    def whole(self, value: str) -> int:
        """Return one whole number."""
        return self._instrument.whole(self.named(value))

    def output_is_on(self) -> bool:
        """Read the output back."""
        return self.whole("smuX.source.output") == 1

    def set_delays(self, source: float, measure: float) -> None:
        """Set the delays [s] before a reading; -1 is automatic."""
        if self._delays != (source, measure):
            self._delays = source, measure
            self.send(f"smuX.source.delay = {format_number(source)} smuX.measure.delay = {format_number(measure)}")

    # --------------------------------------------------------------------------------------- trigger model

    def load_sweep(self, levels: FloatArray, letter: str) -> None:
        """Let the trigger model source each level ("v" or "i"), hold it, and measure."""
        self._load(levels, letter)
        self.send("smuX.trigger.source.stimulus = 0 smuX.trigger.endpulse.stimulus = 0",
                  f"smuX.trigger.endpulse.action = {_HOLD} smuX.trigger.endsweep.action = {_HOLD}")

    def load_pulses(self, pulses: SourcePulses, letter: str) -> None:
        """Let the trigger model pulse: one timer gives the period, another the width."""
        period, width = (f"trigger.timer[{number}]" for number in self._timers)
        self._load(pulses.levels, letter)
        self.send(
            f"{period}.reset() {width}.reset()",
            f"{period}.delay = {format_number(pulses.period)} {period}.count = {max(len(pulses.levels) - 1, 1)}",
            f"{period}.passthrough = true {period}.stimulus = smuX.trigger.ARMED_EVENT_ID",
            f"{width}.delay = {format_number(pulses.width)} {width}.stimulus = smuX.trigger.SOURCE_COMPLETE_EVENT_ID",
            f"smuX.trigger.source.stimulus = {period}.EVENT_ID smuX.trigger.endpulse.stimulus = {width}.EVENT_ID",
            f"smuX.trigger.endpulse.action = {_IDLE} smuX.trigger.endsweep.action = {_IDLE}")

    def _load(self, levels: FloatArray, letter: str) -> None:
        """Give the trigger model its levels, and let it measure at each."""
        name = f"tsbench_{self.smu}"
        self.send(f"{name} = {{}}")
        for first in range(0, len(levels), LIST_CHUNK):
            part = ", ".join(format_number(float(level)) for level in levels[first : first + LIST_CHUNK])
            self.send(f"for _, level in ipairs({{{part}}}) do table.insert({name}, level) end")
        self.send(
            f"smuX.trigger.source.list{letter}({name})", f"{name} = nil", "smuX.measure.count = 1",
            "smuX.nvbuffer1.clear() smuX.nvbuffer2.clear()", "smuX.trigger.measure.iv(smuX.nvbuffer1, smuX.nvbuffer2)",
            "smuX.trigger.source.action = 1 smuX.trigger.measure.action = 1",
            "smuX.trigger.arm.stimulus = 0 smuX.trigger.arm.count = 1 smuX.trigger.measure.stimulus = 0",
            f"smuX.trigger.count = {len(levels)}")

    def start_overlapped(self, count: int, interval: float) -> float:
        """Start readings at the present level, one each ``interval`` [s]; returns the interval that is set."""
        self.send("smuX.nvbuffer1.clear() smuX.nvbuffer2.clear()",
                  f"smuX.measure.count = {count} smuX.measure.interval = {format_number(interval)}")
        found = self.number("smuX.measure.interval")
        self.send("smuX.measure.overlappediv(smuX.nvbuffer1, smuX.nvbuffer2)")
        return found
