"""The short commands of LeCroy's oscilloscopes, as their drivers send them: inputs, time base, trigger."""

from collections.abc import Mapping
from typing import ClassVar

from tsbench.instruments.interfaces import EdgeTrigger, Vertical
from tsbench.instruments.languages.lecroy import format_digits
from tsbench.instruments.lecroy_scope.step_scope import StepScope

#: queries that change nothing; INR? forgets what it tells
REPEATABLE = (
    "*IDN?", "CHDR?", "C<n>:VDIV?", "C<n>:ATTN?", "C<n>:OFST?", "C<n>:CPL?", "C<n>:TRLV?", "C<n>:WF?", "EX:TRLV?",
    "TDIV?", "TRDL?", "TRMD?", "SAST?", "SARA?", "SANU?", "WFSU?", "SEQ?", "VBS?",
)
_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}
_COUPLING: Mapping[str, str] = {"1M": "D1M", "50": "D50"}


class ShortCommandScope(StepScope):
    """Sets up and starts by short commands. A family adds how it waits and how records are read."""

    repeatable = REPEATABLE
    probe_question = "C{channel}:ATTN?"
    time_queries = ("TDIV?", "TRDL?")
    #: names of the external trigger input, and the largest level [V] of each
    externals: ClassVar[tuple[tuple[str, float], ...]] = (("EX", 0.6), ("EX/5", 3.0))

    def trigger_name(self, trigger: EdgeTrigger) -> str:
        """Return the name of a trigger source: of the external input, that whose range has the level."""
        if trigger.source != "external":
            return f"C{trigger.source}"
        return next((name for name, most in self.externals if abs(trigger.level) <= most), self.externals[-1][0])

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.write("STOP")
        self.forget_settings()

    def set_channel(self, channel: int, vertical: Vertical, scale: float, offset: float) -> None:
        """Send the settings of one input."""
        word = f"C{channel}"
        self.send(
            f"{word}:TRA ON", f"{word}:CPL {_COUPLING[vertical.impedance]}",
            f"{word}:ATTN {vertical.probe_attenuation:g}", f"BWL {word},{'ON' if vertical.bandwidth_limit else 'OFF'}",
            f"{word}:VDIV {format_digits(scale, 'V')}", f"{word}:OFST {format_digits(offset, 'V')}",
        )

    def read_channel(self, channel: int) -> tuple[float, float, str]:
        """Return volts per division, offset and impedance as the instrument has them."""
        scale, offset = self.ask_value(f"C{channel}:VDIV?"), self.ask_value(f"C{channel}:OFST?")
        return scale, offset, self.ask(f"C{channel}:CPL?").strip().upper().removeprefix("D")

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""
        self.write(f"C{channel}:TRA OFF")

    def set_time(self, scale: float, delay: float) -> None:
        """Send seconds per division and delay."""
        self.send(f"TDIV {format_digits(scale, 'S')}", f"TRDL {format_digits(delay, 'S')}")

    def set_trigger(self, trigger: EdgeTrigger) -> None:
        """Send an edge trigger."""
        source = self.trigger_name(trigger)
        hold = "HT,OFF" if trigger.holdoff is None else f"HT,TI,HV,{format_digits(trigger.holdoff, 'S')}"
        self.send(
            f"TRSE EDGE,SR,{source},{hold}", f"{source}:TRCP DC", f"{source}:TRSL {_SLOPE[trigger.slope]}",
            f"{source}:TRLV {format_digits(trigger.level, 'V')}",
        )

    def level_of(self, trigger: EdgeTrigger) -> float:
        """Return the trigger level as the instrument has it."""
        return self.ask_value(f"{self.trigger_name(trigger)}:TRLV?")

    def start(self) -> None:
        """Start one acquisition."""
        self.ask_value("INR?")  # reading forgets
        self.write("ARM")

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write("FRTR")
        self.check_errors()

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write("STOP")
