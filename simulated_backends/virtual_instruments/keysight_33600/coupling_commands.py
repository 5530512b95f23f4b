"""What connects the channels of a 33500B/33600A: coupled frequencies and levels, tracking, and a combined output."""


from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Boolean, Choice
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keysight_33600.command_table import Table33600
from tsbench.simulated_backends.virtual_instruments.keysight_33600.parameters import Clipped


class CouplingCommands(Table33600):
    """What ``FREQuency:COUPle``, ``VOLTage:COUPle``, ``TRACk`` and ``COMBine:FEED`` do."""

    frequency_coupled = Setting("[:SOURce]:FREQuency:COUPle[:STATe]", Boolean(), default=False,
                                change="_frequency_coupled")
    coupling_mode = Setting("[:SOURce]:FREQuency:COUPle:MODE", Choice("OFFSet", "RATio"), default="RAT",
                            change="_frequency_coupled")
    coupling_offset = Setting("[:SOURce]:FREQuency:COUPle:OFFSet",
                              Clipped("HZ", lambda owner: -owner.data_sheet.max_frequency["SIN"],
                                      lambda owner: owner.data_sheet.max_frequency["SIN"], 0.0),
                              default=0.0, change="_frequency_coupled")
    coupling_ratio = Setting("[:SOURce]:FREQuency:COUPle:RATio", Clipped("", 1e-3, 1e3, 1.0), default=1.0,
                             change="_frequency_coupled")
    levels_coupled = Setting("[:SOURce<1-2>]:VOLTage[:LEVel][:IMMediate]:COUPle[:STATe]", Boolean(), default=False,
                             coerce="_levels_coupled")
    feed = Setting("[:SOURce<1-2>]:COMBine:FEED", Choice("CH1", "CH2", "NONE"), default="NONE", coerce="_feed_chosen",
                   change="playback.reshape")

    @command("[:SOURce<1-2>]:TRACk", Choice("ON", "OFF", "INVerted"))
    def set_tracking(self, channel: int, word: str) -> None:
        """``SOUR1:TRAC ON``: the other channel outputs what this one does, upright or inverted."""
        self.shared.tracked = (channel, word) if word != "OFF" else None
        if word != "OFF":
            self.levels_follow(channel)
            self.frequency_follows(channel)

    @command("[:SOURce<1-2>]:TRACk?")
    def get_tracking(self, channel: int) -> str:
        """``SOUR1:TRAC?``."""
        tracked = self.shared.tracked
        return tracked[1] if tracked is not None and tracked[0] == channel else "OFF"

    def _frequency_coupled(self) -> None:
        if self.frequency_coupled:
            self.frequency_follows(1)

    def frequency_follows(self, channel: int) -> None:
        """Move the other channel's frequency after this one's has changed, if they are coupled."""
        shared, other = self.shared, 3 - channel
        if self._copied(channel):
            shared.frequency[other] = shared.frequency[channel]
            self.playback.reshape(other)
        if not self.frequency_coupled:
            return
        sign = 1 if channel == 1 else -1
        wanted = (shared.frequency[channel] + sign * self.coupling_offset if self.coupling_mode == "OFFS"
                  else shared.frequency[channel] * self.coupling_ratio**sign)
        top = min(self.data_sheet.max_frequency[shared.function[other]], 1e9)
        possible = min(max(wanted, self.data_sheet.min_frequency), top)
        if possible != wanted:
            self.post_error(-221, text="Settings conflict; coupled frequency limited")
        shared.frequency[other] = possible
        self.playback.reshape(other)

    def _copied(self, channel: int) -> bool:
        """Make the other channel like this one, but for levels and frequency, if it tracks it; say whether it does."""
        tracked, other = self.shared.tracked, 3 - channel
        if tracked is None or tracked[0] != channel:
            return False
        for words in (self.shared.function, self.shared.mode):
            words[other] = words[channel]
        for times in (self.shared.lead, self.shared.trail):
            times[other] = times[channel]
        for key in [key for key in self.setting_values if key[1] and key[1][0] == channel]:
            if key[0] not in ("feed", "levels_coupled", "polarity"):
                self.setting_values[key[0], (other, *key[1][1:])] = self.setting_values[key]
        inverted = tracked[1] == "INV"
        own = self.setting_values.get(("polarity", (channel,)), "NORM")
        self.setting_values["polarity", (other,)] = {"NORM": "INV", "INV": "NORM"}[own] if inverted else own
        return True

    def _levels_coupled(self, channel: int, on: bool) -> bool:
        """Couple the levels of both channels; the channel that is named gives its own."""
        self.levels_coupled[3 - channel] = on
        if on:
            self.shared.levels[3 - channel] = self.shared.levels[channel]
            self.setting_values["load", (3 - channel,)] = self.setting_values.get(("load", (channel,)), 50.0)
            self.playback.reshape(3 - channel)
        return on

    def levels_follow(self, channel: int) -> None:
        """Give the other channel this one's levels, if they are coupled or it tracks this one."""
        other = 3 - channel
        if self._copied(channel) or (self.levels_coupled and self.levels_coupled[channel]):
            self.shared.levels[other] = self.shared.levels[channel]._replace(load=self.shared.levels[other].load)
            self.playback.reshape(other)

    def _feed_chosen(self, channel: int, source: str) -> str:
        if source == f"CH{channel}":
            raise ScpiError(-221, text="Settings conflict; not able to combine a channel with itself")
        if source != "NONE":
            own, added = self.shared.levels[channel], self.shared.levels[3 - channel]
            top = max(abs(own.high + added.high), abs(own.low + added.low))
            if top > self.generator.level_commands.window(channel).peak * (1 + 1e-9):
                raise ScpiError(-221, text="Settings conflict; combined signal exceeds output limit")
        return source
