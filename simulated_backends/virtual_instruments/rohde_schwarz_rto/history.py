"""The history of the RTO: the acquisitions of a series one by one, with their times.

An acquisition has an index: 0 is the newest, and older ones are negative. What the history shows is what ``DATA?`` and
measurements read, of all channels. A new acquisition leaves the history.

Source: user manual of the RTO, "History" (that of the RTO6 1801.6687.02, chapter 24.10.7); the texts of date and time
are those that others noted from an instrument. Not compared: an index that is chosen while the history is off switches
it on. The history of a run that was stopped has only its last acquisition, and with ``ACQuire:SEGMented`` those of the
series.
"""

from datetime import datetime, timedelta
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Boolean, Integer, Number
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.services.clock import ScheduledEvent
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition
from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.tables import RtoTable

REPLAY = "history"  #: name of the overlapped operation that *OPC waits for
_CLOCK_START = datetime(2026, 1, 1, 12)  #: of the instrument's clock at time 0 of the bench
_OF_CHANNEL = ":CHANnel<1-4>[:WAVeform<1-3>]:HISTory"
#: until they are set: PALL, a replay plays all acquisitions; REPL, it repeats
_DEFAULTS = {"PALL": True, "REPL": False}
_INDEX = Integer("", -16_777_215, 0)


class RtoHistory(RtoTable):
    """Which acquisition is shown, and when it was triggered."""

    def __init__(self, scope: ConverterScope) -> None:
        super().__init__(scope)
        self._shown: Acquisition | None = None   #: whose history is on; None: it is off
        self._index = 0
        self._began: float | None = None   #: [s] when the replay began
        self._end_of_replay: ScheduledEvent | None = None

    def _value(self, name: str, default: Any) -> Any:
        """Return what was set for all channels."""
        return self.setting_values.get((name, ()), default)

    @property
    def _is_on(self) -> bool:
        acquisition = self.memory.acquisition
        return acquisition is not None and self._shown is acquisition and not self.control.running

    def _ends(self) -> tuple[int, int]:
        """Return the first and the last index of a replay."""
        if self._value("PALL", _DEFAULTS["PALL"]):
            return self._oldest, 0
        first = max(self._end_of("STAR"), self._oldest)
        return first, max(self._end_of("STOP"), first)

    @property
    def _oldest(self) -> int:
        return min(1 - self.memory.count, 0)

    def _end_of(self, which: str) -> int:
        """Return the index where a replay starts or stops: the oldest and the newest until others are set."""
        return int(self._value(which, self._oldest if which == "STAR" else 0))

    @property
    def index(self) -> int:
        """Return the index of what is shown now: a replay goes on with time."""
        if not self._is_on:
            return 0
        if self._began is not None:
            first, last = self._ends()
            steps, count = int((self.clock.now - self._began) / self._pace), last - first + 1
            if self._value("REPL", _DEFAULTS["REPL"]):
                return first + steps % count
            self._index = first + min(steps, count - 1)
            self._began = self._began if steps < count else None
        return self._index

    @property
    def record(self) -> int:
        """Return the number of the record that is shown, the oldest of the acquisition being 0."""
        return max(self.memory.count - 1 + self.index, 0)

    @property
    def _pace(self) -> float:
        return float(self._value("pace", 0.05))

    def _require(self) -> None:
        if self.memory.acquisition is None or self.control.running:
            raise ScpiError(-221)

    def _switch_on(self) -> None:
        self._require()
        if not self._is_on:
            self._shown, self._index, self._began = self.memory.acquisition, 0, None

    @command(":ACQuire:AVAilable?")
    def _available(self) -> str:
        """``ACQ:AVA?``: acquisitions in the memory."""
        self.control.look()
        return str(self.memory.count)

    @command(_OF_CHANNEL + "[:STATe]", Boolean())
    def _set_state(self, channel: int, waveform: int, on: bool) -> Handler:
        """``CHAN1:WAV1:HIST:STAT ON``: stops a run."""
        if not on:
            self._shown = None
            return
        if self.control.running:
            yield from self.control.stop()
        self._switch_on()

    @command(_OF_CHANNEL + "[:STATe]?")
    def _state(self, channel: int, waveform: int) -> str:
        return str(int(self._is_on))

    @command(_OF_CHANNEL + ":CURRent", _INDEX)
    def _choose(self, channel: int, waveform: int, index: int) -> None:
        """``CHAN1:WAV1:HIST:CURR -5``: the sixth newest acquisition."""
        self._require()
        if index < 1 - self.memory.count:
            raise ScpiError(-222)
        self._switch_on()
        self._index, self._began = index, None

    @command(_OF_CHANNEL + ":CURRent?")
    def _chosen(self, channel: int, waveform: int) -> str:
        return str(self.index)

    @command(_OF_CHANNEL + ":PLAY")
    def _play(self, channel: int, waveform: int) -> None:
        """``CHAN1:WAV1:HIST:PLAY``: show one acquisition after the other; a second time: stop."""
        self._switch_on()
        now = self.index
        if self._began is not None:
            self._index, self._began = now, None
            self._played()
            return
        self._began = self.clock.now
        first, last = self._ends()
        self.scope.operations.begin(REPLAY)
        self._end_of_replay = self.clock.schedule_in((last - first + 1) * self._pace, self._played)

    def _played(self) -> None:
        if self._end_of_replay is not None:
            self._end_of_replay.cancel()
        self.scope.operations.end(REPLAY)

    @command(_OF_CHANNEL + ":{PALL|REPLay}", Boolean())
    def _set_way(self, channel: int, waveform: int, which: str, on: bool) -> None:
        """``CHAN1:WAV1:HIST:PALL OFF``: replay ``STARt`` to ``STOP`` only; ``REPL ON``: begin again at the end."""
        self.setting_values[which, ()] = on

    @command(_OF_CHANNEL + ":{PALL|REPLay}?")
    def _way(self, channel: int, waveform: int, which: str) -> str:
        return str(int(self._value(which, _DEFAULTS[which])))

    @command(_OF_CHANNEL + ":TPACq", Number("S", 40e-6, 10.0))
    def _set_pace(self, channel: int, waveform: int, seconds: float) -> None:
        """``CHAN1:WAV1:HIST:TPAC 0.01``: time for one acquisition of a replay."""
        self.setting_values["pace", ()] = seconds

    @command(_OF_CHANNEL + ":TPACq?")
    def _get_pace(self, channel: int, waveform: int) -> str:
        return self.format_number(self._pace)

    @command(_OF_CHANNEL + ":{STARt|STOP}", _INDEX)
    def _set_end(self, channel: int, waveform: int, which: str, index: int) -> None:
        """``CHAN1:WAV1:HIST:STAR -10``: first index of a replay."""
        self.setting_values[which, ()] = index

    @command(_OF_CHANNEL + ":{STARt|STOP}?")
    def _end(self, channel: int, waveform: int, which: str) -> str:
        return str(self._end_of(which))

    # ----------------------------------------------------------------------------------------------- times

    @command(_OF_CHANNEL + ":{TSRelative|TSRReference|TSABsolute|TSDate}?")
    def _time(self, channel: int, waveform: int, which: str) -> str:
        """``CHAN1:WAV1:HIST:TSR?`` [s]: trigger after that of the newest; ``TSRR?`` [s]: by the clock of the scope.

        ``TSAB?`` and ``TSD?``: its time of day and its date.
        """
        acquisition = self.memory.acquisition
        if acquisition is None:
            raise ScpiError(-230)
        times, begun = self.memory.record_times(), acquisition.records[0].trigger
        if which == "TSR":
            return f"{times[self.record] - times[-1]:.12g}"
        clock = begun + times[self.record]
        if which == "TSRR":
            return f"{clock:.12f}"
        when = _CLOCK_START + timedelta(seconds=int(clock))
        if which == "TSD":
            return f"{when:%Y:%m:%d}"
        digits = f"{clock % 1.0:.9f}"[2:]
        return f"{when:%H:%M} {when:%S},{digits[:3]}.{digits[3:6]}.{digits[6:]} s"
