"""Basic waves, outputs and sample rates of the SDG2000X: ``BSWV``, ``OUTP``, ``SRATE``, ``ARWV``, ``SYNC``."""

from collections.abc import Callable, Mapping, Sequence

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Many
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.built_in_waves import NAMES, index_of, named
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.channel import FUNCTIONS, ChannelState
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.command_table import SdgTable
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.pairs import (
    SdgWord,
    number,
    pairs,
    precise,
    written,
)

_WORDS = Many(SdgWord(), minimum=1)


def _joined(found: Mapping[str, str]) -> str:
    return ",".join(f"{key},{value}" for key, value in found.items())


def _wave(state: ChannelState, text: str) -> None:
    if text not in FUNCTIONS:
        raise ScpiError(-224)
    state.set_wave(text)


def _width(state: ChannelState, text: str) -> None:
    state.width = number(text, "S")
    state.fit_pulse()


def _rise(state: ChannelState, text: str) -> None:
    state.rise = number(text, "S")
    state.fit_pulse()


def _fall(state: ChannelState, text: str) -> None:
    state.fall = number(text, "S")
    state.fit_pulse()


def _symmetry(state: ChannelState, text: str) -> None:
    state.symmetry = min(max(number(text), 0.0), 100.0)


def _band(state: ChannelState, text: str) -> None:
    if text not in ("ON", "OFF"):
        raise ScpiError(-224)
    state.banded = text == "ON"


_BASIC: Mapping[str, Callable[[ChannelState, str], None]] = {
    "WVTP": _wave, "FRQ": lambda state, text: state.set_frequency(number(text, "HZ")),
    "PERI": lambda state, text: state.set_frequency(1 / max(number(text, "S"), 1e-12)),
    "AMP": lambda state, text: state.set_amplitude(number(text, "V")),
    "AMPVRMS": lambda state, text: state.set_rms(number(text, "V")),
    "AMPDBM": lambda state, text: state.set_dbm(number(text)),
    "OFST": lambda state, text: state.set_offset(number(text, "V")),
    "HLEV": lambda state, text: state.set_high(number(text, "V")),
    "LLEV": lambda state, text: state.set_low(number(text, "V")),
    "STDEV": lambda state, text: state.set_deviation(number(text, "V")),
    "MEAN": lambda state, text: state.set_offset(number(text, "V")),
    "BANDSTATE": _band, "BANDWIDTH": lambda state, text: state.set_bandwidth(number(text, "HZ")),
    "DUTY": lambda state, text: state.set_duty(number(text)), "WIDTH": _width, "RISE": _rise, "FALL": _fall,
    "DLY": lambda state, text: state.set_delay(number(text, "S")),
    "PHSE": lambda state, text: state.set_phase(number(text)), "SYM": _symmetry,
    "MAX_OUTPUT_AMP": lambda _state, _text: None,   # is accepted and changes nothing
}
_PERIODIC = ("SINE", "SQUARE", "RAMP", "PULSE", "ARB")
_OF_WAVE = {
    **dict.fromkeys(("FRQ", "PERI", "AMP", "HLEV", "LLEV"), _PERIODIC), "OFST": (*_PERIODIC, "DC"),
    **dict.fromkeys(("AMPVRMS", "AMPDBM"), ("SINE", "SQUARE", "RAMP", "PULSE")),
    **dict.fromkeys(("STDEV", "MEAN", "BANDSTATE", "BANDWIDTH"), ("NOISE",)), "DUTY": ("SQUARE", "PULSE"),
    **dict.fromkeys(("WIDTH", "RISE", "FALL", "DLY"), ("PULSE",)), "SYM": ("RAMP",),
    "PHSE": ("SINE", "SQUARE", "RAMP", "ARB"),
}
_NOT_OF_CARRIER = {"PERI", "HLEV", "LLEV", "WIDTH", "BANDSTATE", "BANDWIDTH"}


class SdgWaveCommands(SdgTable):
    """Commands of waves and outputs."""

    @command("C<1-2>:BSWV", _WORDS)
    @command("C<1-2>:BASIC_WAVE", _WORDS)
    def set_basic(self, channel: int, *words: str) -> None:
        """``C1:BSWV WVTP,PULSE,FRQ,1000HZ``: keys that another wave has are ignored; ``WVTP`` ends a burst."""
        found = pairs(words)
        self.apply(channel, found)
        if any(key == "WVTP" for key, _ in found):
            self.generator.states[channel].burst.on = False
            self.generator.playback.external_edges_changed()
        self.generator.playback.reshape(channel)
        self.generator.panel_commands.follow(channel)

    def apply(self, channel: int, found: Sequence[tuple[str, str]]) -> None:
        """Set keys and values of a channel's wave."""
        state = self.generator.states[channel]
        with state.unchanged_by_errors():
            for key, value in found:
                if key not in _BASIC:
                    raise ScpiError(-224)
                if state.wave in _OF_WAVE.get(key, (state.wave,)):
                    _BASIC[key](state, value)

    @command("C<1-2>:BSWV?")
    @command("C<1-2>:BASIC_WAVE?")
    def get_basic(self, channel: int) -> str:
        """``C1:BSWV?``."""
        return f"C{channel}:BSWV {_joined(self._basic(channel))}"

    def carrier(self, channel: int) -> str:
        """Return keys and values of a channel's wave as a burst shows them."""
        return _joined({key: value for key, value in self._basic(channel).items() if key not in _NOT_OF_CARRIER})

    def _basic(self, channel: int) -> dict[str, str]:
        state = self.generator.states[channel]
        levels = state.levels
        if state.wave == "DC":
            return {"WVTP": "DC", "OFST": written(state.steady.offset, "V")}
        if state.wave == "NOISE":
            band = {"BANDWIDTH": precise(state.bandwidth, "HZ")} if state.banded else {}
            return {"WVTP": "NOISE", "STDEV": written(state.deviation, "V"), "MEAN": written(levels.offset, "V"),
                    "BANDSTATE": "ON" if state.banded else "OFF", **band}
        found = {"WVTP": state.wave, "FRQ": precise(state.frequency, "HZ"), "PERI": written(1 / state.frequency, "S"),
                 "AMP": written(levels.amplitude, "V")}
        if state.wave != "ARB":
            found["AMPVRMS"] = written(state.rms, "Vrms")
            if state.dbm is not None:
                found["AMPDBM"] = written(state.dbm, "dBm")
        found |= {"OFST": written(levels.offset, "V"), "HLEV": written(levels.high, "V"),
                  "LLEV": written(levels.low, "V")}
        if state.wave == "PULSE":
            return found | {
                "DUTY": written(100 * state.width * state.frequency), "WIDTH": written(state.width),
                "RISE": written(state.rise, "S"), "FALL": written(state.fall, "S"), "DLY": written(state.delay)}
        found["PHSE"] = written(state.phase)
        if state.wave == "SQUARE":
            found["DUTY"] = written(state.duty)
        if state.wave == "RAMP":
            found["SYM"] = written(state.symmetry)
        return found

    @command("C<1-2>:MDWV?")
    def get_modulation(self, channel: int) -> str:
        """``C1:MDWV?``: the twin has no modulation."""
        return f"C{channel}:MDWV STATE,OFF"

    @command("C<1-2>:SWWV?")
    def get_sweep(self, channel: int) -> str:
        """``C1:SWWV?``: the twin has no sweep."""
        return f"C{channel}:SWWV STATE,OFF"

    # ----------------------------------------------------------------------------------------- outputs

    @command("C<1-2>:OUTP", _WORDS)
    @command("C<1-2>:OUTPUT", _WORDS)
    def set_output(self, channel: int, *words: str) -> Handler:
        """``C1:OUTP ON,LOAD,50,PLRT,NOR``: nothing is switched before all words are understood."""
        state, switched = self.generator.states[channel], ""
        with state.unchanged_by_errors():
            for key, value in pairs(words, ("ON", "OFF")):
                if key in ("ON", "OFF"):
                    switched = key
                elif key == "LOAD":
                    state.set_load(float("inf") if value == "HZ" else number(value))
                elif key == "PLRT" and value in ("NOR", "INVT"):
                    state.inverted = value == "INVT"   # the offset too
                else:
                    raise ScpiError(-224)
        self.generator.playback.reshape(channel)
        if switched:
            self.generator.playback.switch(channel, switched == "ON")
        yield self.generator.data_sheet.relay_time if switched else 0.0

    @command("C<1-2>:OUTP?")
    @command("C<1-2>:OUTPUT?")
    def get_output(self, channel: int) -> str:
        """``C1:OUTP?``."""
        state = self.generator.states[channel]
        on = "ON" if self.generator.channels.connectors.is_closed(channel) else "OFF"
        load = "HZ" if state.levels.load == INFINITE_LOAD else written(state.levels.load)
        return f"C{channel}:OUTP {on},LOAD,{load},PLRT,{'INVT' if state.inverted else 'NOR'}"

    @command("C<1-2>:INVT", _WORDS)
    @command("C<1-2>:INVERT", _WORDS)
    def set_inverted(self, channel: int, *words: str) -> None:
        """``C1:INVT ON``: as ``OUTP PLRT,INVT``."""
        if words[0] not in ("ON", "OFF"):
            raise ScpiError(-224)
        self.generator.states[channel].inverted = words[0] == "ON"
        self.generator.playback.reshape(channel)

    @command("C<1-2>:INVT?")
    @command("C<1-2>:INVERT?")
    def get_inverted(self, channel: int) -> str:
        """``C1:INVT?``."""
        return f"C{channel}:INVT {'ON' if self.generator.states[channel].inverted else 'OFF'}"

    @command("C<1-2>:SYNC", _WORDS)
    def set_sync(self, channel: int, *words: str) -> None:
        """``C1:SYNC ON``: the sync output shows this channel."""
        if words[0] not in ("ON", "OFF"):
            raise ScpiError(-224)
        self.generator.sync = channel if words[0] == "ON" else 0

    @command("C<1-2>:SYNC?")
    def get_sync(self, channel: int) -> str:
        """``C1:SYNC?``."""
        return f"C{channel}:SYNC {f'ON,TYPE,CH{channel}' if self.generator.sync == channel else 'OFF'}"

    # --------------------------------------------------------------------------------- arbitrary waveforms

    @command("C<1-2>:SRATE", _WORDS)
    def set_rate(self, channel: int, *words: str) -> None:
        """``C1:SRATE MODE,TARB,VALUE,1000000``: the value counts in the mode TARB only."""
        state, sheet = self.generator.states[channel], self.generator.data_sheet
        with state.unchanged_by_errors():
            for key, value in pairs(words):
                if key == "MODE" and value in ("DDS", "TARB"):
                    state.sampled = value == "TARB"
                elif key == "VALUE":
                    rate = number(value.removesuffix("SA/S"))
                    if state.sampled:
                        state.sample_rate = min(max(rate, sheet.min_sample_rate), sheet.max_sample_rate)
                else:
                    raise ScpiError(-224)
        self.generator.playback.reshape(channel)

    @command("C<1-2>:SRATE?")
    def get_rate(self, channel: int) -> str:
        """``C1:SRATE?``."""
        state = self.generator.states[channel]
        if not state.sampled:
            return f"C{channel}:SRATE MODE,DDS"
        return f"C{channel}:SRATE MODE,TARB,VALUE,{precise(state.sample_rate, 'Sa/s')}"

    @command("C<1-2>:ARWV", _WORDS)
    @command("C<1-2>:ARBWAVE", _WORDS)
    def select(self, channel: int, *words: str) -> None:
        """``C1:ARWV NAME,WAVE1`` or ``C1:ARWV INDEX,2``: the arbitrary waveform."""
        state = self.generator.states[channel]
        with state.unchanged_by_errors():
            for key, value in pairs(words):
                name = {"NAME": self._name(value), "INDEX": named(value)}.get(key)
                if name is None or self.generator.codes_of(name) is None:
                    raise ScpiError(-224)
                state.arbitrary = name
            state.set_wave("ARB")
        self.generator.playback.reshape(channel)
        self.generator.panel_commands.follow(channel)

    @command("C<1-2>:ARWV?")
    @command("C<1-2>:ARBWAVE?")
    def selected(self, channel: int) -> str:
        """``C1:ARWV?``."""
        name = self.generator.states[channel].arbitrary
        return f"C{channel}:ARWV INDEX,{index_of(name)},NAME,{name}"

    def _name(self, text: str) -> str | None:
        """Return the name of the waveform that is stored or built-in, in capitals or not."""
        if text in self.generator.waveforms:
            return text
        return next((name for name in NAMES if name.upper() == text), None)
