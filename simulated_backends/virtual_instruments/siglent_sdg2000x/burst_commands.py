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
        """``C1:BTWV STATE,ON,TRSR,MAN,TIME,3,CARR,WVTP,PULSE``, and ``C1:BTWV MTRIG``, which triggers.

        All behind ``CARR`` is of the wave.
        """
        burst = self.generator.states[channel].burst
        if words == ("MTRIG",):
            if not burst.on or burst.source != "MAN":
                raise ScpiError(-211)
            self.generator.playback.start_burst(channel, self.clock.now)
            return
        of_burst = words.index("CARR") if "CARR" in words else len(words)
        carrier = pairs(words[of_burst + 1:])
        with self.generator.states[channel].unchanged_by_errors():
            for key, value in pairs(words[:of_burst]):
                if value not in _WORDS.get(key, (value,)):
                    raise ScpiError(-224)
                if key == "STATE":
                    burst.on = value == "ON" and self.generator.states[channel].wave != "DC"
                elif burst.on:
                    self._set(channel, key, value)
            self.generator.wave_commands.apply(channel, carrier)
        self.generator.playback.reshape(channel)
        if carrier:
            self.generator.panel_commands.follow(channel)
        self.generator.playback.external_edges_changed()

    def _set(self, channel: int, key: str, value: str) -> None:
        burst, sheet = self.generator.states[channel].burst, self.generator.data_sheet
        if (burst.gated and key in ("TIME", "DLAY", "TRMD")) or (key == "PRD" and burst.source != "INT"):
            return
        match key:
            case "GATE_NCYC":
                burst.gated = value == "GATE"
                if burst.gated and burst.source == "MAN":
                    burst.source = "INT"
            case "TRSR":
                self._set_source(burst, value)
            case "EDGE":
                burst.edge = value
            case "PLRT":
                burst.polarity = value
            case "TRMD":
                burst.trigger_output = value if burst.source != "EXT" else "OFF"
            case "TIME":
                endless = value == "INF"
                burst.cycles = INFINITE_LOAD if endless else float(min(max(round(number(value)), 1), MOST_CYCLES))
                if endless and burst.source == "INT":
                    self._set_source(burst, "EXT")
            case "PRD":
                burst.period = min(max(number(value, "S"), sheet.min_burst_period), sheet.max_burst_period)
            case "DLAY":
                burst.delay = min(max(number(value, "S"), SHORTEST_DELAY), sheet.max_trigger_delay)
            case "STPS":
                self.generator.states[channel].set_phase(number(value))
            case "COUNT":
                pass   # is accepted; what it does is not compared
            case _:
                raise ScpiError(-224)

    def _set_source(self, burst: BurstState, source: str) -> None:
        if source == "INT" and burst.cycles == INFINITE_LOAD:
            return
        burst.source = source
        if source == "EXT":
            burst.trigger_output = "OFF"

    @command("C<1-2>:BTWV?")
    @command("C<1-2>:BURSTWAVE?")
    def get_burst(self, channel: int) -> str:
        """``C1:BTWV?``."""
        burst = self.generator.states[channel].burst
        if not burst.on:
            return f"C{channel}:BTWV STATE,OFF"
        state, parts = self.generator.states[channel], ["STATE,ON"]
        if state.wave == "NOISE":
            parts.append(f"PLRT,{burst.polarity}")
        else:
            parts += [f"PRD,{written(burst.period, 'S')}"] if burst.source == "INT" else []
            parts += [f"STPS,{written(state.phase)}"] if state.wave != "PULSE" else []
            parts += [f"TRSR,{burst.source}", *self._mode(burst)]
        return f"C{channel}:BTWV {','.join(parts)},CARR,{self.generator.wave_commands.carrier(channel)}"

    def _mode(self, burst: BurstState) -> list[str]:
        if burst.gated:
            return ["GATE_NCYC,GATE", f"PLRT,{burst.polarity}"]
        cycles = "INF" if burst.cycles == INFINITE_LOAD else f"{burst.cycles:.0f}"
        trigger = [] if burst.source == "EXT" else [f"TRMD,{burst.trigger_output}"]
        return [*trigger, f"TIME,{cycles}", f"DLAY,{written(burst.delay, 'S')}", "GATE_NCYC,NCYC"]
