"""The scope's trigger on pulses, and the lower level it gets after a pulse that it missed."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tsbench.errors import InstrumentError
from tsbench.instruments import EdgeTrigger
from tsbench.protocols.acquiring.device_view import DeviceView, Window
from tsbench.protocols.pulses.delivery import at_least, shortest_one_by_one
from tsbench.quantities import format_quantity
from tsbench.records import Waveform
from tsbench.samples import noise_of, resolution

#: the next level after a missed pulse, as a share of the level before (both from the base)
_LOWER = 0.5
_FAR_ABOVE = 1.5  #: times the level: so high pulses did not miss it
#: standard deviations of the channel's noise that a level is at least away from the base
_NOISE = 6.0
#: of the window that a channel must show: a level nearer to the base may lie within the hysteresis of the trigger. The
#: window fills 80 % of the range, so this is half a division of eight; the models of docs/imperfections.md have 0.4
_OF_WINDOW = 0.08
_CABLES = "cable and contact"
#: shots in a row that recorded nothing although the level stayed: one may be missed by chance, more have a cause
_BY_CHANCE = 1
_MOST_BLIND = 3  #: such shots, after which no pulse is sent any more


class PulseTrigger:
    """The trigger of one run of pulses; the share of the level that misses have left holds until the run ends."""

    def __init__(self, view: DeviceView) -> None:
        self._view = view
        self._share = 1.0  #: of the level that a protocol asks for
        self._asked = self._now = EdgeTrigger("external", 0.0)
        self._base = self._least = 0.0  #: [V]
        self._seen: Waveform | None = None  #: last record of the channel that triggers
        self._blind = 0  #: shots in a row that recorded nothing although the level stayed
        self.advice = f"Check trigger level, {_CABLES}"  #: what to say of a pulse that was missed

    def aim(self, trigger: EdgeTrigger, base: float, windows: Mapping[str, Window]) -> None:
        """Set a trigger; one on the device at the share of its level that misses have left.

        Parameters
        ----------
        trigger : that the scope has if it has missed no pulse
        base : [V] between the pulses
        windows : [V] that each channel must show
        """
        own = [windows[name] for name, number in self._view.channels.items() if number == trigger.source]
        self._least = max((_OF_WINDOW * (high - low) for low, high in own), default=0.0)
        self._asked, self._base = trigger, base
        self._now = self._view.scope.configure_trigger(self._scaled())

    def _scaled(self) -> EdgeTrigger:
        if self._asked.source == "external" or self._share == 1.0:
            return self._asked
        height = self._asked.level - self._base
        noise = 0.0 if self._seen is None else noise_of(self._seen.values()[0], resolution(self._seen))
        size = max(self._share * abs(height), min(max(self._least, _NOISE * noise), abs(height)))
        return replace(self._asked, level=self._base + float(np.copysign(size, height)))

    @property
    def worth_another(self) -> bool:
        """Whether a shot that was missed may be sent again: by chance, or the level is another one now."""
        return self._blind <= _BY_CHANCE

    def require_sight(self) -> None:
        """Refuse another shot where several recorded nothing: it would stress the device, and nothing would show it.

        Raises
        ------
        InstrumentError
        """
        if self._blind >= _MOST_BLIND:
            raise InstrumentError(
                f"the scope recorded nothing of {self._blind} shots one after another, so no more pulses are sent. "
                f"{self.advice}")

    def learn(self, waveforms: Mapping[str, Waveform]) -> None:
        """Count the shots that recorded nothing, and keep a record of the channel that triggers: it shows the noise."""
        seen = any(waveform.codes.size for waveform in waveforms.values())
        self._blind = 0 if seen else self._blind + 1
        if (own := self._of_trigger(waveforms)) is not None:
            self._seen = replace(own, codes=own.codes[:1].copy())   # the other segments need no memory here

    def _of_trigger(self, waveforms: Mapping[str, Waveform]) -> Waveform | None:
        """Return the record of the channel that triggers; None where there is none."""
        return next((waveform for name, waveform in waveforms.items()
                     if self._view.channels.get(name) == self._asked.source and waveform.codes.size), None)

    def missed(self, waveforms: Mapping[str, Waveform], closest: float = math.inf, busy: float = math.inf) -> None:
        """Lower the level after a missed pulse, unless other pulses were far above it; ``advice`` tells of it.

        Parameters
        ----------
        waveforms : records of the other pulses of the shot, if there are any
        closest : [s] from pulse to pulse of the shot, at least; infinite: it was one pulse
        busy : [s] from the trigger of a pulse that goes alone until the next one can go; infinite: none goes alone
        """
        before = format_quantity(self._now.level, "V")
        if self._asked.source == "external":
            self.advice = (f"The external trigger level is {before}. Check 'external_level', and the cable from the "
                           "sync output of the generator to the external input of the scope")
            return
        text = f"The trigger level at the device is {before}. "
        if (own := self._of_trigger(waveforms)) is not None:
            away = own.values() - self._base
            far = float(away.flat[int(np.argmax(np.abs(away)))])
            text += f"The other pulses reached {format_quantity(self._base + far, 'V')}. "
            if abs(far) > _FAR_ABOVE * abs(self._now.level - self._base):   # the level is not why one was missed
                self.advice = f"{text}Check {_CABLES}"
                return
        text += "Behind a load, the device voltage may stay below it. "
        old = self._scaled()
        self._share *= _LOWER
        new = self._scaled()
        if new.level != old.level:
            self._now = self._view.scope.configure_trigger(new)
            self._blind = 0
            text += f"It is lowered to {format_quantity(self._now.level, 'V')} for the next pulse. "
        else:
            text += "Range and noise allow no lower one. "
        self.advice = f"{text}If that does not help, {self._external(closest, busy)}check {_CABLES}"

    def _external(self, closest: float, busy: float) -> str:
        """Return the advice to use an external trigger, which has one edge for each burst; "" where it cannot help."""
        if not self._view.scope.capabilities.external_trigger:
            return ""
        needed = shortest_one_by_one(busy)
        if closest >= needed * (1 - 1e-9):
            return "set trigger=external and "
        if math.isinf(needed):
            return ""
        return f"set trigger=external (with {at_least(needed)} or more from pulse to pulse) and "
