"""Finding trigger edges in the history of a circuit, as a comparator with hysteresis does."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray
from tsbench.simulated_backends.services.trigger_lines import TTL_HIGH, DigitalLine
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import ScopeDataSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import InputChannel
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import KERNEL_REACH, filtered, gaussian_sigma

_SUBDIVISIONS = np.array([0.25, 0.5, 0.75, 1.0])


class TriggerSearch(Protocol):
    """Walks through the history once and finds what triggers."""

    scanned: float  #: [s] everything before has been judged

    @property
    def line(self) -> DigitalLine | None:
        """Return what feeds the external input."""

    def find(self, history: InputHistory, earliest: float, limit: float) -> tuple[float, float] | None:
        """Return the next trigger in (scanned, limit] not before ``earliest``: (time [s], slew rate [V/s])."""
        ...


class TriggerSettings(Protocol):
    """What a scope triggers on, as set when the acquisition began."""

    @property
    def node(self) -> str | None:
        """Return a node that it looks at; None: the external input."""
    @property
    def jitter(self) -> float:
        """Return the jitter of the interpolator [s] rms."""
    @property
    def noise(self) -> float:
        """Return the noise [V rms] at the node."""
    @property
    def lag(self) -> float:
        """Return how far [s] the history must reach beyond an edge before it can be judged."""

    def search(self, line: DigitalLine | None, start: float) -> TriggerSearch:
        """Return a search from ``start`` [s] on."""


@dataclass(frozen=True)
class EdgeSettings:
    """An edge trigger as set when the acquisition began; volts at the node, not at the display."""

    node: str | None  #: None: external input
    level: float  #: [V]
    slope: str  #: "POS", "NEG" or "EITH"
    hysteresis: float  #: [V]
    sigma: float  #: [s] of the channel's response
    jitter: float  #: [s] rms of the interpolator
    noise: float  #: [V rms] at the node: jitter = noise / slew rate

    @property
    def lag(self) -> float:
        """Return how far [s] the history must reach beyond an edge before it can be judged."""
        return (KERNEL_REACH + 8) * self.sigma if self.node is not None else 0.0

    def search(self, line: DigitalLine | None, start: float) -> "EdgeSearch":
        """Return a search for these edges."""
        return EdgeSearch(self, line, start)


def external_edge(level: float, slope: str, jitter: float) -> EdgeSettings:
    """Return the trigger on edges of the external input, whose level is in volts there."""
    return EdgeSettings(None, level, slope, 0.0, 0.0, jitter, 0.0)


def channel_edge(
    channel: InputChannel, sheet: ScopeDataSheet, level: float, slope: str, hysteresis: float, noisy: bool,
) -> EdgeSettings:
    """Return the trigger on edges of a channel.

    Parameters
    ----------
    channel : InputChannel
    sheet : ScopeDataSheet
    level : [V] at the display
    slope : "POS", "NEG" or "EITH", at the display
    hysteresis : [div]
    noisy : whether noise and jitter are simulated
    """
    to_node = channel.divider / channel.probe
    sign = -1.0 if channel.inverted else 1.0
    if channel.inverted:
        slope = {"POS": "NEG", "NEG": "POS"}.get(slope, slope)
    noise = sheet.noise(channel.scale / channel.probe) * channel.divider
    return EdgeSettings(
        channel.node if channel.node is not None else "0", sign * level * to_node, slope,
        hysteresis * channel.scale * to_node, gaussian_sigma(channel.bandwidth),
        sheet.trigger_jitter if noisy else 0.0, noise if noisy else 0.0,
    )


class EdgeSearch:
    """Walks through the history once, remembering the comparator's state."""

    def __init__(self, settings: EdgeSettings, line: DigitalLine | None, start: float) -> None:
        self.settings = settings
        self.line = line
        self.scanned = start  #: [s] everything before has been judged
        self.rising = True  #: whether the edge that was found last rises, at the node
        self._states: dict[str, int] = {"POS": 1, "NEG": 1}   # an edge needs the other side first

    def find(self, history: InputHistory, earliest: float, limit: float) -> tuple[float, float] | None:
        """Return the next edge in (scanned, limit] not before ``earliest``: (time [s], slew rate [V/s]).

        ``scanned`` moves behind the edge, or to ``limit`` if there is none.
        """
        if limit <= self.scanned:
            return None
        if self.settings.node is None:
            return self._external(earliest, limit)
        while (edge := self._next(history, limit)) is not None:
            if edge[0] >= earliest:
                return edge
        return None

    def _external(self, earliest: float, limit: float) -> tuple[float, float] | None:
        if self.line is None or not 0.0 < self.settings.level < TTL_HIGH:
            self.scanned = limit
            return None
        after = max(self.scanned, math.nextafter(earliest, -math.inf))
        edges = []
        if self.settings.slope in ("POS", "EITH"):
            edges.append(self.line.next_edge(after, "positive"))
        if self.settings.slope in ("NEG", "EITH"):
            edges.append(self.line.next_edge(after, "negative"))
        found = min((edge for edge in edges if edge is not None), default=math.inf)
        self.rising = self.settings.slope != "NEG" and found == edges[0]
        self.scanned = min(found, limit)
        return (found, math.inf) if found <= limit else None

    def _next(self, history: InputHistory, limit: float) -> tuple[float, float] | None:
        node = self.settings.node
        assert node is not None
        grid = _grid(history, self.scanned, limit)
        if len(grid) < 2:
            self.scanned = limit
            return None
        voltage = history.voltage(node, grid)
        crossings: list[tuple[int, str]] = []
        states: dict[str, npt.NDArray[np.int8]] = {}
        for slope, sign in (("POS", 1.0), ("NEG", -1.0)):
            if self.settings.slope not in (slope, "EITH"):
                continue
            states[slope] = self._comparator(sign * voltage, sign * self.settings.level, slope)
            before = np.concatenate([[self._states[slope]], states[slope][:-1]])
            rising = np.flatnonzero((before == 0) & (states[slope] == 1))
            crossings += [(int(index), slope) for index in rising]
        for index, slope in sorted(crossings):
            if index == 0:
                edge = self._refine(history, grid[0], grid[0], slope)
            else:
                edge = self._refine(history, grid[index - 1], grid[index], slope)
            if edge is None:
                continue   # a glitch too short for the bandwidth
            for each in states:
                self._states[each] = int(states[each][index])
            self.scanned = float(grid[index])
            self.rising = slope == "POS"
            return edge
        for each, values in states.items():
            self._states[each] = int(values[-1])
        self.scanned = limit
        return None

    def _comparator(self, voltage: FloatArray, level: float, slope: str) -> npt.NDArray[np.int8]:
        marks = np.full(len(voltage), -1, dtype=np.int8)
        marks[voltage >= level] = 1
        marks[voltage < level - self.settings.hysteresis] = 0
        last = np.maximum.accumulate(np.where(marks >= 0, np.arange(len(marks)), -1))
        return np.where(last >= 0, marks[last], np.int8(self._states[slope])).astype(np.int8)

    def _refine(self, history: InputHistory, low: float, high: float, slope: str) -> tuple[float, float] | None:
        """Return (time [s], slew [V/s]) of the crossing of the band-limited signal near [low, high]."""
        node, sign, sigma = self.settings.node, (1.0 if slope == "POS" else -1.0), self.settings.sigma
        assert node is not None
        while high - low > 4 * sigma:   # the raw crossing first: steps may be long
            times = np.linspace(low, high, 33)
            above = np.flatnonzero(sign * (history.voltage(node, times) - self.settings.level) >= 0)
            if len(above) == 0 or above[0] == 0:
                break
            low, high = float(times[above[0] - 1]), float(times[above[0]])
        middle = (low + high) / 2
        reach = 8 * sigma
        times = np.linspace(max(middle - reach, history.start), min(middle + reach, history.end), 65)
        values = sign * (filtered(history, node, times, sigma) - self.settings.level)
        rising = np.flatnonzero((values[:-1] < 0) & (values[1:] >= 0))
        if len(rising) == 0:
            return None
        index = int(rising[np.argmin(np.abs(times[rising] - middle))])
        step = values[index + 1] - values[index]
        interval = times[index + 1] - times[index]
        return float(times[index] - values[index] / step * interval), float(step / interval)


def _grid(history: InputHistory, start: float, end: float) -> FloatArray:
    """Return the solver's steps in [start, end] with three points between each two [s]."""
    steps = history.steps(start, end)
    corners = np.unique(np.concatenate([[max(start, history.start)], steps, [min(end, history.end)]]))
    corners = corners[(corners >= start) & (corners <= end)]
    inner = corners[:-1, None] + np.diff(corners)[:, None] * _SUBDIVISIONS
    return np.concatenate([corners[:1], inner.ravel()])
