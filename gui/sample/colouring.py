"""By what the devices of the map are coloured: their state, or one of their values."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pyqtgraph as pg

from tsbench.gui.palette import Colours
from tsbench.quantities import short_quantity
from tsbench.station.device_record.life import STATES
from tsbench.station.sample import SampleDevice

STATE = "state"
_LETTERS = {"pristine": "", "formed": "F", "working": "", "shorted": "S", "open": "O", "retired": "R"}
_RATIO = 30.0  #: of the largest to the smallest value, from which colours go by the logarithm
_STOPS = 5  #: of the scale in the legend


@dataclass(frozen=True)
class SquareLook:
    """How one square looks; the letter says it to who cannot tell the colours apart."""

    fill: str  #: "" for none
    letter: str = ""
    crossed: bool = False  #: there is no value


@dataclass(frozen=True)
class Sign:
    """A line of the legend."""

    look: SquareLook
    words: str


@dataclass(frozen=True)
class Colouring:
    """A look for each device, in their order, and the legend."""

    looks: tuple[SquareLook, ...]
    legend: tuple[Sign, ...]


def colouring(devices: Sequence[SampleDevice], by: str, shown: Colours) -> Colouring:
    """Return how the devices look.

    Parameters
    ----------
    devices : of the sample
    by : ``STATE``, or the name of a quantity
    shown : colours of the theme
    """
    return _by_state(devices, shown) if by == STATE else _by_value(devices, by)


def state_look(state: str, shown: Colours) -> SquareLook:
    """Return how a state looks."""
    fills = {"pristine": shown.button, "formed": shown.accent, "working": shown.good, "shorted": shown.bad,
             "open": shown.warning, "retired": shown.panel}
    return SquareLook(fills.get(state, shown.panel), _LETTERS.get(state, "?"), state == "retired")


def _by_state(devices: Sequence[SampleDevice], shown: Colours) -> Colouring:
    counts = {state: sum(one.state == state for one in devices) for state in STATES}
    legend = tuple(Sign(look, f"{state}{f' ({look.letter})' if look.letter else ''}: {counts[state]}")
                   for state in STATES if counts[state] for look in [state_look(state, shown)])
    return Colouring(tuple(state_look(one.state, shown) for one in devices), legend)


def _by_value(devices: Sequence[SampleDevice], by: str) -> Colouring:
    found = [one.values[by].value if by in one.values else None for one in devices]
    known = [value for value in found if value is not None and math.isfinite(value)]
    without = len(found) - len(known)
    nothing = [Sign(SquareLook("", crossed=True), f"no value: {without}")] if without else []
    if not known:
        return Colouring(tuple(SquareLook("", crossed=True) for _ in found), tuple(nothing))
    unit = next(one.values[by].unit for one in devices if by in one.values)
    low, high = min(known), max(known)
    logarithmic = low > 0 and high > _RATIO * low

    def share(value: float) -> float:
        if high == low:
            return 0.5
        if logarithmic:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)

    scale = pg.colormap.get("viridis")

    def look(value: float | None) -> SquareLook:
        if value is None or not math.isfinite(value):
            return SquareLook("", crossed=True)
        return SquareLook(scale.map(share(value), mode="qcolor").name())

    stops = [low] if high == low else [
        low * (high / low) ** (place / (_STOPS - 1)) if logarithmic else low + (high - low) * place / (_STOPS - 1)
        for place in range(_STOPS)]
    legend = [Sign(look(stop), short_quantity(stop, unit, 3)) for stop in stops]
    return Colouring(tuple(look(value) for value in found), (*legend, *nothing))
