"""The Siglent SDG2000X function generators, as the SDG programming guide (PG02) describes them.

Quirks that the twin has
------------------------
- Its own commands: keys and values, ``C1:BSWV WVTP,PULSE,FRQ,1000HZ``; replies repeat the header.
- A value beyond a limit becomes the limit, without an error. A key of another wave is ignored.
- Keys of a burst count only while its state is ON; ``BSWV WVTP`` ends a burst.
- ``OUTP PLRT,INVT`` inverts the offset too: 0 V to 2 V becomes 0 V to -2 V.
- Points of a waveform follow ``WAVEDATA,`` without a block: 16 bits with a sign, the low byte first, to the end of the
  message.
- ``*OPC`` does not wait for the end of a burst.

Compared with replies of an SDG2042X that others recorded (``tests/transcripts/siglent_sdg2042x.recorded.jsonl``). Not
compared: what the error queue holds of a wrong message; levels shown after another load (the instrument rounds them to
0.1 mV); the shortest burst delay and period; replies to ``CHDR?``.
The twin has neither modulation nor sweep, harmonics, added channels or frequency counter: questions for
them answer OFF, and their settings give -113. Built-in waveforms whose shape is not modelled give -224.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.simulated_backends.numerics.seeds import seed_of
from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.executing import execute_scpi
from tsbench.simulated_backends.scpi.headers import ProgramUnit
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Optional, text_of
from tsbench.simulated_backends.scpi.tree import Subsystem, command
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.channels import GeneratorChannels
from tsbench.simulated_backends.virtual_instruments.generator.playback import Playback
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import DAC_FULL_SCALE, Shape
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x import data_sheet as sheets
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.built_in_waves import built_in_codes, store_list
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.burst_commands import SdgBurstCommands
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.channel import ChannelState
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.command_table import SdgBase
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.pairs import WAVE_DATA, PointsFraming, pairs
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.panel_commands import SdgPanelCommands
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.wave_commands import SdgWaveCommands

#: long words of replies, by their short ones (SDG programming guide PG02)
LONG_WORDS = {
    "BSWV": "BASIC_WAVE", "OUTP": "OUTPUT", "BTWV": "BURSTWAVE", "MDWV": "MODULATEWAVE", "SWWV": "SWEEPWAVE",
    "SRATE": "SAMPLERATE", "ARWV": "ARBWAVE", "SYNC": "SYNC", "INVT": "INVERT", "STL": "STORELIST",
    "CHDR": "COMM_HEADER", "BUZZ": "BUZZER", "ROSC": "ROSCILLATOR", "COUP": "COUPLING", "LAGG": "LANGUAGE",
}


class VirtualSdg(SdgBase):
    """Two channels: pulses, functions, bursts, arbitrary waveforms."""

    outputs = ("1", "2")
    terminals = ("1", "2")
    no_error = "+0, No error"
    framing = PointsFraming()

    burst_commands = Subsystem(SdgBurstCommands)
    wave_commands = Subsystem(SdgWaveCommands)
    panel_commands = Subsystem(SdgPanelCommands)

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.states = {number: ChannelState(self.data_sheet) for number in (1, 2)}
        self.waveforms = {}
        self.sync = 0
        self.header = "SHORT"   #: of replies: CHDR
        bursts = self.burst_commands
        self.channels = GeneratorChannels(self, self.data_sheet, bursts)
        self.playback = Playback(self, self.data_sheet, bursts, self.channels, lambda: None)

    def format_error(self, code: int, text: str, time: float) -> str:
        """Write an entry of the error queue."""
        return f'{code},"{text}"'

    def codes_of(self, name: str) -> npt.NDArray[np.int16] | None:
        """Return the points of a waveform; None: there is none, or its shape is not modelled."""
        stored = self.waveforms.get(name)
        return built_in_codes(name) if stored is None else stored

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        state, sheet = self.states[channel], self.data_sheet
        function, frequency = state.function, state.frequency
        codes = self.codes_of(state.arbitrary) if function == "ARB" else None
        phase = state.phase
        if function == "PULS":
            phase = 0.0 if state.burst.on else -360 * state.delay * frequency
        by_frequency = frequency * (1 if codes is None else len(codes))
        return Shape(
            function=function, levels=state.output_levels, frequency=frequency, phase=phase, inverted=state.inverted,
            pulse_width=state.width, lead=state.rise, trail=state.fall, duty=state.duty, symmetry=state.symmetry,
            square_edge=sheet.square_edge_time, codes=codes,
            sample_rate=state.sample_rate if state.sampled else by_frequency, filtering="OFF", dac_bits=sheet.dac_bits,
            noise_seed=seed_of(self.bench.seed, self.name, channel),
            noise_bandwidth=state.bandwidth if state.banded else sheets.MAX_NOISE_BANDWIDTH,
        )

    def written(self, unit: ProgramUnit, result: Any) -> bytes:
        """Write the header of a reply as ``CHDR`` says: short, long, or none."""
        if isinstance(result, bytes):
            return result
        text = str(result)
        word, gap, rest = text.partition(" ")
        channel, colon, name = word.rpartition(":")
        if self.header == "SHORT" or not gap or name not in LONG_WORDS:
            return text.encode("latin-1")
        return (rest if self.header == "OFF" else f"{channel}{colon}{LONG_WORDS[name]} {rest}").encode("latin-1")

    @command("CHDR", Choice("SHORT", "LONG", "OFF"))
    @command("COMM_HEADER", Choice("SHORT", "LONG", "OFF"))
    def _set_header(self, form: str) -> None:
        """``CHDR OFF``."""
        self.header = form

    @command("CHDR?")
    @command("COMM_HEADER?")
    def _get_header(self) -> str:
        """``CHDR?``."""
        return f"CHDR {self.header}"

    @command("STL?", Optional(Choice("BUILDIN", "USER")))
    def _list(self, kind: str = "BUILDIN") -> str:
        """``STL? USER``: the waveforms that were stored; ``STL?``: the built-in ones."""
        return ",".join(["STL WVNM", *self.waveforms]) if kind == "USER" else f"STL {store_list()}"

    # --------------------------------------------------------------------------------------- waveforms

    def execute(self, message: bytes) -> Handler:
        """Execute one message; the points of a waveform are no commands, whatever bytes they are."""
        found = WAVE_DATA.match(message.lstrip())
        if found is None:
            return (yield from execute_scpi(self, message))
        try:
            self._store(found[1], found[2], message.lstrip()[found.end():])
        except ScpiError as error:
            self.status.post(error)
        return None

    def _store(self, channel: bytes, words: bytes, points: bytes) -> None:
        if channel.upper() not in (b"C1", b"C2"):
            raise ScpiError(-114)
        keys = dict(pairs([text_of(word.upper()) for word in words.rstrip(b", ").split(b",")]))
        if "WVNM" not in keys:
            raise ScpiError(-109)
        if len(points) % 2:
            points = points.removesuffix(b"\n")
        if len(points) % 2:
            raise ScpiError(-161)
        codes = np.frombuffer(points, "<i2")
        if not self.data_sheet.min_arb_points <= len(codes) <= self.data_sheet.max_arb_points:
            raise ScpiError(-223)
        self.waveforms[keys["WVNM"]] = np.clip(codes, -DAC_FULL_SCALE, DAC_FULL_SCALE).astype(np.int16)
        for number in self.channels.numbers:
            if self.states[number].wave == "ARB" and self.states[number].arbitrary == keys["WVNM"]:
                self.playback.reshape(number)

    # ------------------------------------------------------------------------------------------- system

    def reset(self) -> Handler | None:
        """Outputs off, everything as after switching on; waveforms stay."""
        return self._all_off()

    def _all_off(self) -> Handler:
        self.sync, self.header = 0, "SHORT"
        self.panel_commands.forget()
        for channel in self.channels.numbers:
            self.playback.switch(channel, False)
            self.playback.stop_burst(channel)
            self.states[channel] = ChannelState(self.data_sheet)
        yield self.data_sheet.relay_time


class VirtualSDG2122X(VirtualSdg):
    """SDG2122X: 120 MHz."""

    data_sheet = sheets.SDG2122X
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualSDG2082X(VirtualSdg):
    """SDG2082X: 80 MHz."""

    data_sheet = sheets.SDG2082X
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware


class VirtualSDG2042X(VirtualSdg):
    """SDG2042X: 40 MHz."""

    data_sheet = sheets.SDG2042X
    manufacturer, model, firmware = data_sheet.manufacturer, data_sheet.name, data_sheet.firmware
