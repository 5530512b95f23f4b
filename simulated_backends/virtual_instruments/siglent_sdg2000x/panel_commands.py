"""The front panel of the SDG2000X, and how one channel follows the other: ``BUZZ``, ``ROSC``, ``COUP``, ``PACP``.

Tracking and coupling are those of an SDG2122X whose replies others published (WaveBench, SDG2000X channel interaction,
firmware 2.01.01.39R7T2). Not compared: what a change of the second channel does to the first one while they are coupled
(here the first one changes too, as the user manual says), and the ratios and deviations after switching on.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Many
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.channel import ChannelState
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.command_table import SdgBase, SdgTable
from tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.pairs import (
    SdgWord,
    number,
    pairs,
    precise,
    written,
)

_SWITCH = Choice("ON", "OFF")
_WORDS = Many(SdgWord(), minimum=1)
_UNITS = {"F": "HZ", "P": "", "A": "V"}  #: of the deviation of frequency, phase and amplitude
#: what gives the frequency, the phase and the amplitude of a channel, and what sets them
_COUPLED: Mapping[str, tuple[Callable[[ChannelState], float], Callable[[ChannelState, float], None]]] = {
    "F": (lambda state: state.frequency, ChannelState.set_frequency),
    "P": (lambda state: state.phase, ChannelState.set_phase),
    "A": (lambda state: state.levels.amplitude, ChannelState.set_amplitude),
}


@dataclass
class Coupling:
    """How the second channel follows the first one in one quantity: by a ratio, or by a deviation."""

    on: bool = False
    ratio: float | None = 1.0  #: None: by the deviation
    deviation: float = 0.0

    def follower(self, value: float) -> float:
        """Return the value of the second channel."""
        return value * self.ratio if self.ratio is not None else value + self.deviation

    def leader(self, value: float) -> float:
        """Return the value of the first channel."""
        return value / self.ratio if self.ratio is not None else value - self.deviation


def _copy_wave(source: ChannelState, target: ChannelState) -> None:
    """Copy the basic wave of a channel; the load that is declared at the other one stays."""
    kept = {"sheet", "burst", "levels", "steady"}
    for one in dataclasses.fields(ChannelState):
        if one.name not in kept:
            setattr(target, one.name, getattr(source, one.name))
    target.levels = source.levels._replace(load=target.levels.load)
    target.steady = source.steady._replace(load=target.steady.load)


def _is_on(word: str) -> bool:
    if word not in ("ON", "OFF"):
        raise ScpiError(-224)
    return word == "ON"


class SdgPanelCommands(SdgTable):
    """Commands of the instrument and of both channels.

    Parameters
    ----------
    generator : SdgBase
    """

    def __init__(self, generator: SdgBase) -> None:
        super().__init__(generator)
        self.buzzer = True
        self.clock_source, self.clock_output = "INT", False
        self.language, self.start_up, self.protection = "EN", "DEFAULT", False
        self.forget()

    def forget(self) -> None:
        """``*RST``: the channels are independent of each other again."""
        self.tracking, self.phase_mode = False, "PHASE-LOCKED"
        self.couplings = {letter: Coupling() for letter in _UNITS}

    def follow(self, channel: int) -> None:
        """Let the other channel follow what was set of ``channel``."""
        states = self.generator.states
        first, second = states[1], states[2]
        if self.tracking:
            _copy_wave(first, second)
        for letter, coupling in self.couplings.items():
            if not coupling.on:
                continue
            value, put = _COUPLED[letter]
            if channel == 1:
                put(second, coupling.follower(value(first)))
            else:
                put(first, coupling.leader(value(second)))
        if self.tracking or any(one.on for one in self.couplings.values()):
            self.playback.reshape(2 if self.tracking else 3 - channel)

    # --------------------------------------------------------------------------------- both channels

    @command("COUP", _WORDS)
    @command("COUPLING", _WORDS)
    def set_coupling(self, *words: str) -> None:
        """``COUP TRACE,ON``, ``COUP FCOUP,ON,FDEV,500``: the deviation replaces the ratio, and the other way round."""
        tracking = self.tracking
        couplings = {letter: dataclasses.replace(one) for letter, one in self.couplings.items()}
        for key, value in pairs(words):
            if key == "TRACE":
                tracking = _is_on(value)
            elif key in ("FCOUP", "PCOUP", "ACOUP"):
                couplings[key[0]].on = _is_on(value)
            elif key in ("FRAT", "PRAT", "ARAT"):
                if (ratio := number(value)) <= 0.0:
                    raise ScpiError(-222)
                couplings[key[0]].ratio = ratio
            elif key in ("FDEV", "PDEV", "ADEV"):
                couplings[key[0]].deviation = number(value, _UNITS[key[0]])
                couplings[key[0]].ratio = None
            else:
                raise ScpiError(-224)
        self.tracking, self.couplings = tracking, couplings   # a message that is refused changes nothing
        self.follow(1)

    @command("COUP?")
    @command("COUPLING?")
    def get_coupling(self) -> str:
        """``COUP?``: while the second channel tracks the first one, only this."""
        if self.tracking:
            return "COUP TRACE,ON"
        found = [f"{letter}COUP,{'ON' if one.on else 'OFF'}" for letter, one in self.couplings.items()]
        for letter, one in self.couplings.items():
            if one.on and one.ratio is not None:
                found.append(f"{letter}RAT,{written(one.ratio)}")
            elif one.on:
                found.append(f"{letter}DEV,{precise(one.deviation, _UNITS[letter])}")
        return f"COUP TRACE,OFF,{','.join(found)}"

    @command("PACP", _WORDS)
    @command("PARACOPY", _WORDS)
    def copy(self, *words: str) -> None:
        """``PACP C2,C1``: the wave of the second word goes to the first."""
        if len(words) != 2 or set(words) != {"C1", "C2"}:
            raise ScpiError(-224)
        target, source = (int(word[1]) for word in words)
        _copy_wave(self.generator.states[source], self.generator.states[target])
        self.playback.reshape(target)

    @command("MODE", Choice("PHASE-LOCKED", "INDEPENDENT"))
    def set_phase_mode(self, mode: str) -> None:
        """``MODE INDEPENDENT``: changes nothing here, because both channels have one clock without drift."""
        self.phase_mode = mode

    @command("MODE?")
    def get_phase_mode(self) -> str:
        """``MODE?``."""
        return f"MODE {self.phase_mode}"

    @command("EQPHASE")
    def equal_phase(self) -> None:
        """``EQPHASE``: the phases of both channels begin together, as they always do here."""
        for channel in self.generator.states:
            self.playback.reshape(channel)

    @command("C<1-2>:HARM?")
    def get_harmonics(self, channel: int) -> str:
        """``C1:HARM?``: the twin has no harmonics."""
        return f"C{channel}:HARM HARMSTATE,OFF"

    @command("C<1-2>:CMBN?")
    def get_combined(self, channel: int) -> str:
        """``C1:CMBN?``: the twin does not add its channels."""
        return f"C{channel}:CMBN OFF"

    # ------------------------------------------------------------------------------------- the instrument

    @command("BUZZ", _SWITCH)
    @command("BUZZER", _SWITCH)
    def set_buzzer(self, state: str) -> None:
        """``BUZZ OFF``."""
        self.buzzer = state == "ON"

    @command("BUZZ?")
    @command("BUZZER?")
    def get_buzzer(self) -> str:
        """``BUZZ?``."""
        return f"BUZZ {'ON' if self.buzzer else 'OFF'}"

    @command("ROSC", _WORDS)
    @command("ROSCILLATOR", _WORDS)
    def set_clock(self, *words: str) -> None:
        """``ROSC EXT``, ``ROSC 10MOUT,ON``: no external clock is wired on the bench, so the own one goes on."""
        source, output = self.clock_source, self.clock_output
        for key, value in pairs(words, ("INT", "EXT")):
            if key in ("INT", "EXT"):
                source = key
            elif key == "10MOUT":
                output = _is_on(value)
            else:
                raise ScpiError(-224)
        self.clock_source, self.clock_output = source, output

    @command("ROSC?")
    @command("ROSCILLATOR?")
    def get_clock(self) -> str:
        """``ROSC?``."""
        return f"ROSC {self.clock_source},10MOUT,{'ON' if self.clock_output else 'OFF'}"

    @command("LAGG", Choice("EN", "CH", "RU"))
    @command("LANGUAGE", Choice("EN", "CH", "RU"))
    def set_language(self, language: str) -> None:
        """``LAGG EN``."""
        self.language = language

    @command("LAGG?")
    @command("LANGUAGE?")
    def get_language(self) -> str:
        """``LAGG?``."""
        return f"LAGG {self.language}"

    @command("SCFG", Choice("DEFAULT", "LAST", "USER"))
    def set_start_up(self, configuration: str) -> None:
        """``SCFG LAST``: what is set after switching on; the twin always begins with the default."""
        self.start_up = configuration

    @command("SCFG?")
    def get_start_up(self) -> str:
        """``SCFG?``."""
        return f"SCFG {self.start_up}"

    @command("VOLTPRT", _SWITCH)
    def set_protection(self, state: str) -> None:
        """``VOLTPRT ON``: the overvoltage protection of the outputs, which nothing on the bench reaches."""
        self.protection = state == "ON"

    @command("VOLTPRT?")
    def get_protection(self) -> str:
        """``VOLTPRT?``: its reply has no header."""
        return "ON" if self.protection else "OFF"

    @command("FCNT?")
    def get_counter(self) -> str:
        """``FCNT?``: nothing is wired to the frequency counter."""
        return "FCNT STATE,OFF"
