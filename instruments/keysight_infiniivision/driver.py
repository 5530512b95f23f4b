"""Driver of the Keysight InfiniiVision X-Series oscilloscopes: set up, arm and verify, wait, fetch.

Commands follow the programmer's guides of the 2000X, 3000T, 4000X and 6000X, which agree in them. An acquisition is
``:SINGle``; the arm event register says when the pre-trigger memory is full and a trigger will be taken, the run bit
when the acquisition is over.
"""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pymeasure.instruments import Instrument

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.driver import Driver
from tsbench.instruments.interfaces import (
    EdgeTrigger,
    Oscilloscope,
    OscilloscopeCapabilities,
    Timebase,
    Vertical,
)
from tsbench.instruments.keysight_infiniivision import data_sheet
from tsbench.instruments.keysight_infiniivision.readout import TRANSFERS, RecordReadout
from tsbench.instruments.languages.scpi import format_number, parse_name

_IMPEDANCE: Mapping[str, str] = {"1M": "ONEM", "50": "FIFT"}
_SLOPE: Mapping[str, str] = {"positive": "POS", "negative": "NEG"}


class KeysightInfiniiVision(RecordReadout):
    """An :class:`~tsbench.instruments.Oscilloscope`.

    Parameters
    ----------
    transfer : str
        Width of the codes: ``byte``, or ``word`` (16 bit) where averaging gives more than 8.
    """

    title = "Keysight InfiniiVision"
    repeatable = data_sheet.REPEATABLE

    acquisition_mode = Instrument.control(
        ":ACQ:MODE?", ":ACQ:MODE %s", """Control the acquisition mode ("real_time" or "segmented").""",
        map_values=True, values={"real_time": "RTIM", "segmented": "SEGM"}, cast=str,
        preprocess_reply=lambda reply: parse_name(reply)[:4],
    )
    def __init__(self, adapter: Any, name: str = "scope", transfer: str = "byte", **kwargs: Any) -> None:
        if transfer not in TRANSFERS:
            raise ConfigurationError(f"{name}: transfer = '{transfer}' is unknown{nearest(str(transfer), TRANSFERS)}")
        self.transfer = transfer
        self._triggered = False
        self._confirm_trigger = False  #: whether a channel was set since the trigger
        super().__init__(adapter, name, **kwargs)
        model = self.identity.model.upper().replace("DSOX", "DSO-X ").replace("MSOX", "MSO-X ")
        self.known_model(model, data_sheet.MODELS)
        self.call_it(f"Keysight {model.replace('-X ', 'X')}")
        self.capabilities: OscilloscopeCapabilities = data_sheet.capabilities(data_sheet.MODELS[model])
        self.vertical_accuracy = data_sheet.vertical_accuracy(self.capabilities.gain_accuracy)

    def initialise(self) -> None:
        """After a reset: stopped, no channel set up."""
        self.send(":STOP", ":ACQ:TYPE NORM")
        self.forget_setup()
        self._triggered = False

    # ------------------------------------------------------------------------------------ configuration

    def configure_channel(self, channel: int, vertical: Vertical) -> Vertical:
        """Set input, range (full scale, eight divisions) and offset; DC coupled."""
        self.require_vertical(channel, vertical)
        word = f":CHAN{channel}"
        self.send(
            f"{word}:DISP ON", f"{word}:COUP DC", f"{word}:IMP {_IMPEDANCE[vertical.impedance]}",
            f"{word}:PROB {format_number(vertical.probe_attenuation)}",
            f"{word}:BWL {'ON' if vertical.bandwidth_limit else 'OFF'}",
            f"{word}:RANG {format_number(vertical.range)}", f"{word}:OFFS {format_number(vertical.offset)}",
        )
        self.check_errors()
        self.require_probe(channel, vertical, f"{word}:PROB?")
        got = self.ask_number(f"{word}:RANG?")
        got_range = self.accepted(f"channel {channel} range", vertical.range, got, "V", 0.01)
        step = got_range * 1e-3
        offset = self.accepted(
            f"channel {channel} offset",
            vertical.offset,
            self.ask_number(f"{word}:OFFS?"),
            "V",
            absolute=step,
        )
        self.require_impedance(
            channel, vertical, parse_name(self.ask(f"{word}:IMP?"))[:4], _IMPEDANCE[vertical.impedance])
        accepted = dataclasses.replace(vertical, range=got_range, offset=offset)
        self._vertical[channel] = accepted
        self._confirm_trigger = True
        return accepted

    def switch_off(self, channel: int) -> None:
        """Send what switches a channel off."""
        self.write(f":CHAN{channel}:DISP OFF")

    def configure_timebase(self, timebase: Timebase) -> Timebase:
        """Set span, position of mid-record after the trigger, and segments."""
        self.require_timebase(timebase)
        segmented = timebase.segments > 1
        self.acquisition_mode = "segmented" if segmented else "real_time"
        if segmented:
            self.write(f":ACQ:SEGM:COUN {timebase.segments}")
        self.send(
            ":TIM:MODE MAIN", ":TIM:REF CENT", f":TIM:RANG {format_number(timebase.span)}",
            f":TIM:POS {format_number(timebase.position)}",
        )
        self.check_errors()
        span = self.accepted("span", timebase.span, self.ask_number(":TIM:RANG?"), "s", 0.01)
        position = self.accepted(
            "position", timebase.position, self.ask_number(":TIM:POS?"), "s", absolute=span * 1e-3
        )
        segments = int(self.ask_number(":ACQ:SEGM:COUN?")) if segmented else 1
        self.accepted("segments", timebase.segments, segments, "", 0.0)
        self._timebase = dataclasses.replace(timebase, span=span, position=position, segments=segments)
        return self._timebase

    def configure_trigger(self, trigger: EdgeTrigger) -> EdgeTrigger:
        """Set an edge trigger; no acquisition happens without one (normal sweep)."""
        if isinstance(trigger.source, str):
            source = "EXT"
        else:
            self.require_channel(trigger.source)
            source = f"CHAN{trigger.source}"
        self.send(
            ":TRIG:SWE NORM", ":TRIG:MODE EDGE", f":TRIG:EDGE:SOUR {source}", ":TRIG:EDGE:COUP DC",
            f":TRIG:EDGE:SLOP {_SLOPE[trigger.slope]}", f":TRIG:EDGE:LEV {format_number(trigger.level)}",
        )
        if trigger.holdoff is not None:
            self.write(f":TRIG:HOLD {format_number(trigger.holdoff)}")
        self.check_errors()
        scale = 8.0 if isinstance(trigger.source, str) else self.scale_of(trigger.source)
        got = self.ask_number(":TRIG:EDGE:LEV?")
        level = self.accepted("trigger level", trigger.level, got, "V", absolute=scale * 0.01)
        self._trigger = dataclasses.replace(trigger, level=level)
        self._confirm_trigger = False
        return self._trigger

    def _require_trigger_level(self, trigger: EdgeTrigger) -> None:
        """Read the level again where a channel was set since: a range that does not reach it moves it."""
        if not self._confirm_trigger:
            return
        scale = 8.0 if isinstance(trigger.source, str) else self.scale_of(trigger.source)
        got = self.ask_number(":TRIG:EDGE:LEV?")
        self._trigger = dataclasses.replace(trigger, level=got)
        self.accepted("trigger level", trigger.level, got, "V", absolute=scale * 0.01)
        self._confirm_trigger = False

    # -------------------------------------------------------------------------------------- acquisition

    def arm(self) -> None:
        """Start one acquisition and return when the scope says it is armed."""
        self._require_trigger_level(self.configured(self._trigger, "trigger"))
        self.ask_switch(":AER?")  # reading forgets
        self.ask_switch(":TER?")
        self._triggered = False
        self.write(":SING")
        self.wait_until_armed(lambda _: self.ask_switch(":AER?"))

    def triggered(self) -> bool:
        """Return whether the armed acquisition has seen its (first) trigger."""
        if not self._triggered:
            self._triggered = self.ask_switch(":TER?")
        return self._triggered

    def complete(self) -> bool:
        """Return whether the acquisition, all segments, is over."""
        return not int(self.ask_number(":OPER:COND?")) & data_sheet.RUNNING

    def force_trigger(self) -> None:
        """Trigger now."""
        self.write(":TRIG:FORC")
        self.check_errors()

    def abort(self) -> None:
        """Stop the acquisition."""
        self.write(":STOP")

    def accepted_settings(self) -> Mapping[str, object]:
        """Return the set-up as it was last read back."""
        return {"transfer": self.transfer, **super().accepted_settings()}


if TYPE_CHECKING:  # mypy holds the driver to its contracts
    _as_driver: type[Driver] = KeysightInfiniiVision
    _as_oscilloscope: type[Oscilloscope] = KeysightInfiniiVision
