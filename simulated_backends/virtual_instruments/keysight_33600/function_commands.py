"""Function, frequency and pulse commands of the 33500B/33600A, with the adjustments the hardware makes.

A value beyond a limit is set to the limit with error -222 ("value clipped"), a value that forces another one
to move moves it with error -221: so does the hardware; nothing happens silently.
"""

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Number, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.generator import levels as levels_of
from tsbench.simulated_backends.virtual_instruments.generator.prbs import POLYNOMIALS
from tsbench.simulated_backends.virtual_instruments.generator.pulse_fit import PulseTimes, fitted
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Base33600, Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.level_commands import LevelCommands
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import Clipped, clipped


def max_frequency(instrument: "FunctionCommands", channel: int) -> float:
    """Return the highest frequency [Hz] of a channel's function."""
    return float(min(instrument.data_sheet.max_frequency[instrument.shared.function[channel]], 1e9))


def _min_frequency(instrument: "FunctionCommands", channel: int) -> float:
    return instrument.data_sheet.min_frequency


class FunctionCommands(Table33600):
    """What ``SOURce:FUNCtion`` and ``FREQuency`` do.

    Parameters
    ----------
    generator : Base33600
    level_commands : LevelCommands
        Of the same generator.
    """

    def __init__(self, generator: Base33600, level_commands: LevelCommands) -> None:
        super().__init__(generator)
        self.level_commands = level_commands

    # ----------------------------------------------------------------------------------- function, time

    function = Setting(
        "[:SOURce<1-2>]:FUNCtion[:SHAPe]",
        Choice("SINusoid", "SQUare", "TRIangle", "RAMP", "PULSe", "NOISe", "PRBS", "ARB", "DC"),
        part="shared", change="function_changed",
    )
    phase = Setting("[:SOURce<1-2>]:PHASe[:ADJust]", Clipped("DEG", -360.0, 360.0, 0.0), default=0.0,
                    change="playback.reshape")
    square_duty = Setting("[:SOURce<1-2>]:FUNCtion:SQUare:DCYCle", Clipped("PCT", 0.01, 99.99, 50.0),
                          default=50.0, change="playback.reshape")
    symmetry = Setting("[:SOURce<1-2>]:FUNCtion:RAMP:SYMMetry", Clipped("PCT", 0.0, 100.0, 100.0),
                       default=100.0, change="playback.reshape")
    noise_bandwidth = Setting(
        "[:SOURce<1-2>]:FUNCtion:NOISe:BANDwidth",
        Clipped("HZ", 1e-3, lambda owner, *_: owner.data_sheet.max_frequency["NOIS"]), default=100e3,
        change="playback.reshape",
    )
    hold = Setting("[:SOURce<1-2>]:FUNCtion:PULSe:HOLD", Choice("WIDTh", "DCYCle"), default="WIDT")
    pulse_width = Setting(
        "[:SOURce<1-2>]:FUNCtion:PULSe:WIDTh",
        Clipped("S", lambda owner, *_: owner.data_sheet.min_pulse_width, 1e6, 1e-4), default=1e-4,
        change="_width_changed",
    )
    lead = Setting(
        "[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition:LEADing",
        Clipped("S", lambda owner, c: owner.level_commands.edge_floor(c),
                lambda owner, *_: owner.data_sheet.max_edge_time, 10e-9),
        part="shared", change="_edges_changed",
    )
    trail = Setting(
        "[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition:TRAiling",
        Clipped("S", lambda owner, c: owner.level_commands.edge_floor(c),
                lambda owner, *_: owner.data_sheet.max_edge_time, 10e-9),
        part="shared", change="_edges_changed",
    )
    sample_rate = Setting(
        "[:SOURce<1-2>]:FUNCtion:ARBitrary:SRATe",
        Clipped("SA/S", lambda owner, *_: owner.data_sheet.min_sample_rate,
                lambda owner, *_: owner.data_sheet.max_sample_rate,
                units=("SA",)),
        default=40e3,
        change="playback.reshape",
    )
    filtering = Setting("[:SOURce<1-2>]:FUNCtion:ARBitrary:FILTer", Choice("NORMal", "STEP", "OFF"),
                        default="STEP", change="playback.reshape")
    advance = Setting("[:SOURce<1-2>]:FUNCtion:ARBitrary:ADVance", Choice("TRIGger", "SRATe"), default="SRAT",
                      change="playback.reshape")
    bit_rate = Setting(
        "[:SOURce<1-2>]:FUNCtion:PRBS:BRATe",
        Clipped("HZ", 1e-3, lambda owner, *_: owner.data_sheet.max_frequency["PRBS"], 1e3, units=("BPS",)), default=1e3,
        change="playback.reshape",
    )
    bit_sequence = Setting("[:SOURce<1-2>]:FUNCtion:PRBS:DATA", Choice(*POLYNOMIALS), default="PN7",
                           change="playback.reshape")
    bit_edge = Setting(
        "[:SOURce<1-2>]:FUNCtion:PRBS:TRANsition[:BOTH]",
        Clipped("S", lambda owner, *_: owner.data_sheet.square_edge_time,
                lambda owner, *_: owner.data_sheet.max_edge_time, lambda owner, *_: owner.data_sheet.square_edge_time),
        default=lambda owner, *_: owner.data_sheet.square_edge_time, change="playback.reshape",
    )

    def function_changed(self, channel: int) -> None:
        """Let frequency, levels and pulse suit another function."""
        if self.shared.function[channel] != "PRBS" and self.shared.frequency[channel] > max_frequency(self, channel):
            self.shared.frequency[channel] = max_frequency(self, channel)
            self.post_error(-221, text="Settings conflict; frequency reduced for new function")
        if self.shared.function[channel] != "DC":
            levels, window = self.shared.levels[channel], self.level_commands.window(channel)
            self.level_commands.accept(channel, levels_of.set_amplitude(levels, levels.amplitude, window))
        if self.shared.function[channel] == "PULS":
            self._fit_pulse(channel, "period")
        self.generator.mode_commands.suit_function(channel)
        self.playback.reshape(channel)

    @command("[:SOURce<1-2>]:FREQuency:FIXed", Clipped("HZ", _min_frequency, max_frequency))
    @command("[:SOURce<1-2>]:FREQuency[:CW]", Clipped("HZ", _min_frequency, max_frequency))
    def set_frequency(self, channel: int, value: float) -> None:
        """``FREQ``."""
        self._set_period(channel, 1.0 / value)

    @command("[:SOURce<1-2>]:FREQuency:FIXed?", Optional(Choice("MINimum", "MAXimum")))
    @command("[:SOURce<1-2>]:FREQuency[:CW]?", Optional(Choice("MINimum", "MAXimum")))
    def get_frequency(self, channel: int, word: str | None = None) -> str:
        """``FREQ?``."""
        if word is None:
            return self.format_number(self.shared.frequency[channel])
        return self.format_number(self.data_sheet.min_frequency if word == "MIN" else max_frequency(self, channel))

    @command("[:SOURce<1-2>]:FUNCtion:{PULSe|SQUare|RAMP}:PERiod",
             Clipped("S", lambda owner, c, *_: 1 / max_frequency(owner, c), 1e6))
    def set_period(self, channel: int, shape: str, value: float) -> None:
        """``FUNC:PULS:PER``: the period of all functions of the channel."""
        self._set_period(channel, value)

    @command("[:SOURce<1-2>]:FUNCtion:{PULSe|SQUare|RAMP}:PERiod?")
    def get_period(self, channel: int, shape: str) -> str:
        """``FUNC:PULS:PER?``."""
        return self.format_number(self.period(channel))

    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:{FREQuency|PERiod}", Number("HZ", units=("S",)))
    def set_arb_rate(self, channel: int, which: str, value: float) -> None:
        """``FUNC:ARB:FREQ`` and ``FUNC:ARB:PER`` of the whole waveform: the sample rate follows."""
        if value <= 0:
            raise ScpiError(-222, text="Data out of range; value clipped to lower limit")
        points = self._arb_points(channel)
        rate = points * value if which == "FREQ" else points / value
        sheet = self.data_sheet
        self.sample_rate[channel] = clipped(rate, sheet.min_sample_rate, sheet.max_sample_rate, self)
        self.playback.reshape(channel)

    @command("[:SOURce<1-2>]:FUNCtion:ARBitrary:{FREQuency|PERiod}?")
    def get_arb_rate(self, channel: int, which: str) -> str:
        """``FUNC:ARB:FREQ?`` and ``FUNC:ARB:PER?``."""
        frequency = self.sample_rate[channel] / self._arb_points(channel)
        return self.format_number(frequency if which == "FREQ" else 1 / frequency)

    def _arb_points(self, channel: int) -> int:
        codes = self.generator.arbitrary(channel, 1.0).codes
        return 1 if codes is None else len(codes)

    def period(self, channel: int) -> float:
        """Return the period [s] of the periodic functions."""
        return 1.0 / self.shared.frequency[channel]

    def _set_period(self, channel: int, period: float) -> None:
        if self.hold[channel] == "DCYC":
            duty = self.pulse_width[channel] / self.period(channel)
            self.pulse_width[channel] = max(duty * period, self.data_sheet.min_pulse_width)
        self.shared.frequency[channel] = 1.0 / period
        if self.shared.function[channel] == "PULS":
            self._fit_pulse(channel, "period")
        levels, window = self.shared.levels[channel], self.level_commands.window(channel)
        if levels.amplitude > window.max_amplitude * (1 + 1e-9):
            self.level_commands.accept(channel, levels_of.set_amplitude(levels, window.max_amplitude, window))
            self.post_error(-221, text="Settings conflict; amplitude reduced due to frequency")
        self.generator.coupling_commands.frequency_follows(channel)
        self.playback.follow(channel)

    # ------------------------------------------------------------------------------------------- pulses

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:DCYCle", Clipped("PCT", 0.01, 99.99))
    def set_pulse_duty(self, channel: int, percent: float) -> None:
        """``FUNC:PULS:DCYC``."""
        self.pulse_width[channel] = max(percent / 100 * self.period(channel), self.data_sheet.min_pulse_width)
        self._width_changed(channel)

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:DCYCle?")
    def get_pulse_duty(self, channel: int) -> str:
        """``FUNC:PULS:DCYC?``."""
        return self.format_number(100 * self.pulse_width[channel] / self.period(channel))

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition[:BOTH]",
             Clipped("S", lambda owner, c: owner.level_commands.edge_floor(c),
                     lambda owner, *_: owner.data_sheet.max_edge_time, 10e-9))
    def set_edges(self, channel: int, seconds: float) -> None:
        """``FUNC:PULS:TRAN:BOTH``."""
        self.shared.lead[channel] = self.shared.trail[channel] = seconds
        self._edges_changed(channel)

    @command("[:SOURce<1-2>]:FUNCtion:PULSe:TRANsition[:BOTH]?")
    def get_edges(self, channel: int) -> str:
        """``FUNC:PULS:TRAN?``: the leading edge."""
        return self.format_number(self.shared.lead[channel])

    def _width_changed(self, channel: int) -> None:
        self._fit_pulse(channel, "width")
        self.playback.reshape(channel)

    def _edges_changed(self, channel: int) -> None:
        self._fit_pulse(channel, "edges")
        self.playback.reshape(channel)

    def _fit_pulse(self, channel: int, cause: str) -> None:
        """Make width and edges fit into the period, with an error for what had to change."""
        before = PulseTimes(self.pulse_width[channel], self.shared.lead[channel], self.shared.trail[channel])
        after = fitted(
            before, self.period(channel), self.data_sheet.min_pulse_width, self.level_commands.edge_floor(channel))
        if after.width != before.width:
            self.pulse_width[channel] = after.width
            self.post_error(-221, text="Settings conflict; pulse width decreased due to period")
        if (after.lead, after.trail) != (before.lead, before.trail):
            self.shared.lead[channel], self.shared.trail[channel] = after.lead, after.trail
            reason = "period" if cause == "period" else "pulse width"
            self.post_error(-221, text=f"Settings conflict; edge time decreased due to {reason}")
