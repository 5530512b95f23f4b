"""Bursts of the SDG2000X: ``BTWV``. Its keys count only while ``STATE`` is ON."""

from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Many
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.generator.data_sheet import INFINITE_LOAD
from tsbench.simulated_backends.virtual_instruments.generator.settings import Derived
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.channel import BurstState
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.command_table import SdgBase, SdgTable
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.data_sheet import SHORTEST_DELAY
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.pairs import SdgWord, number, pairs, written

MOST_CYCLES = 1_000_000
_SOURCES = {"INT": "IMM", "EXT": "EXT", "MAN": "BUS"}
_WORDS = {"STATE": ("ON", "OFF"), "GATE_NCYC": ("GATE", "NCYC"), "TRSR": tuple(_SOURCES), "EDGE": ("RISE", "FALL"),
          "PLRT": ("POS", "NEG"), "TRMD": ("OFF", "RISE", "FALL")}


class SdgBurstCommands(SdgTable):
    """What ``BTWV`` does.

    With the shape of each channel these are the settings that the shared code reads: a
    :class:`~tsbench.simulated_backends.virtual_instruments.generator.settings.GeneratorSettings`.

    Parameters
    ----------
    generator : SdgBase
    """

    trigger_output = False  #: the trigger output shares a connector with the trigger input

    def __init__(self, generator: SdgBase) -> None:
        super().__init__(generator)
        self.shape = generator.shape

        def of_burst(read: Callable[[BurstState], Any]) -> Derived:
            return Derived(lambda channel: read(generator.states[channel].burst))

        self.burst_on = of_burst(lambda burst: burst.on)
        self.burst_mode = of_burst(lambda burst: "GAT" if burst.gated else "TRIG")
        self.gate_polarity = of_burst(lambda burst: "INV" if burst.polarity == "NEG" else "NORM")
        self.burst_count = of_burst(lambda burst: burst.cycles)
        self.burst_period = of_burst(lambda burst: burst.period)
        self.trigger_timer = self.burst_period
        self.trigger_source = of_burst(lambda burst: _SOURCES[burst.source])
        self.trigger_slope = of_burst(lambda burst: "NEG" if burst.edge == "FALL" else "POS")
        self.trigger_delay = of_burst(lambda burst: burst.delay)

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the sync output shows."""
        return self.generator.sync

    @command("C<1-2>:BTWV", Many(SdgWord(), minimum=1))
    @command("C<1-2>:BURSTWAVE", Many(SdgWord(), minimum=1))
    def set_burst(self, channel: int, *words: str) -> None:
        """``C1:BTWV STATE,ON,TRSR,MAN,TIME,3``, and ``C1:BTWV MTRIG``, which triggers."""
        burst = self.generator.states[channel].burst
        if words == ("MTRIG",):
            if not burst.on or burst.source != "MAN":
                raise ScpiError(-211)
            self.generator.playback.start_burst(channel, self.clock.now)
            return
        for key, value in pairs(words):
            if key == "CARR":
                raise ScpiError(-224)   # of the twin: the wave is set by BSWV
            if value not in _WORDS.get(key, (value,)):
                raise ScpiError(-224)
            if key == "STATE":
                burst.on = value == "ON"
            elif not burst.on:
                raise ScpiError(-221)
            else:
                self._set(channel, key, value)
        self.generator.playback.reshape(channel)
        self.generator.playback.external_edges_changed()

    def _set(self, channel: int, key: str, value: str) -> None:
        burst, sheet = self.generator.states[channel].burst, self.generator.data_sheet
        match key:
            case "GATE_NCYC":
                burst.gated = value == "GATE"
            case "TRSR":
                burst.source = value
            case "EDGE":
                burst.edge = value
            case "PLRT":
                burst.polarity = value
            case "TRMD":
                burst.trigger_output = value
            case "TIME":
                endless = value == "INF"
                burst.cycles = INFINITE_LOAD if endless else float(min(max(round(number(value)), 1), MOST_CYCLES))
            case "PRD":
                burst.period = min(max(number(value, "S"), sheet.min_burst_period), sheet.max_burst_period)
            case "DLAY":
                burst.delay = min(max(number(value, "S"), SHORTEST_DELAY), sheet.max_trigger_delay)
            case "STPS":
                burst.phase = number(value) % 360
            case _:
                raise ScpiError(-224)

    @command("C<1-2>:BTWV?")
    @command("C<1-2>:BURSTWAVE?")
    def get_burst(self, channel: int) -> str:
        """``C1:BTWV?``."""
        burst = self.generator.states[channel].burst
        if not burst.on:
            return f"C{channel}:BTWV STATE,OFF"
        parts = ["STATE,ON", f"PRD,{written(burst.period, 'S')}", f"STPS,{written(burst.phase)}",
                 f"TRSR,{burst.source}"]
        if burst.gated:
            parts += ["GATE_NCYC,GATE", f"PLRT,{burst.polarity}"]
        else:
            cycles = "INF" if burst.cycles == INFINITE_LOAD else written(burst.cycles)
            parts += [f"EDGE,{burst.edge}" if burst.source == "EXT" else f"TRMD,{burst.trigger_output}",
                      f"TIME,{cycles}", f"DLAY,{written(burst.delay, 'S')}", "GATE_NCYC,NCYC"]
        return f"C{channel}:BTWV {','.join(parts)},CARR,{self.generator.wave_commands.basic(channel)}"
