"""The search for the oscillation window on the simulated bench, against the witness, and on a bench that records."""

from typing import Any

import pytest

from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named
from tsbench.protocols.oscillation_window.acquisition import WindowSearch
from tsbench.records import Flag
from tsbench.simulated_backends.witness.log import WitnessLog


@pytest.mark.thorough
@pytest.mark.sabotage("resistor", "output")
def test_the_window_of_niobium_oxide(measure) -> None:
    done = measure("nbo2", "oscillation_window", {
        "lowest": 1.2, "highest": 3.6, "points": 4, "interval": 0.1, "longest_period": "10 us", "settle": "100 us"})
    (onset,), (end,) = done.values("oscillation_onset"), done.values("oscillation_end")
    # the brackets are 0.1 V wide at most; 1 % + 1 mV of the generator are added on both sides
    assert onset.flags == end.flags == Flag.NONE
    assert all("may be a small one in which the device does not switch" in edge.method for edge in (onset, end))
    assert 0.05 < onset.high - onset.low <= 0.14 and 0.08 < end.high - end.low <= 0.17
    assert onset.low < 1.492 < onset.high and end.low < 3.211 < end.high   # by a search with an interval of 20 mV
    log = WitnessLog(done.witness)
    states = done.run.column("oscillates")
    records = [wave for wave in done.run.waveforms if wave.channel == "device_voltage_high"]
    for wave, state in zip(records, states, strict=True):
        begin, length = wave.time + wave.t0, wave.dt * wave.codes.shape[1]
        span = log.acquired(wave.time, wave.t0, length) or (begin, begin + length)
        bias = wave.conditions["bias"]
        if not state or 1.55 < bias < 3.1:   # near the edges, the witness has a very small oscillation for none
            assert (log.frequency(*span) is not None) == state, f"{bias} V"
    assert states.size <= 20 and not done.left_on and not done.warnings()[1:]


def test_each_bias_is_set_from_zero_and_is_the_one_chosen(station: Any, recorder: Any) -> None:
    class Listed:
        reason = "the list is over"
        left = (1.0, 3.0, 2.0)
        conditioning = False
        progress = "1 of 3"

        def next_stimulus(self) -> float | None:
            first, self.left = (self.left[0], self.left[1:]) if self.left else (None, ())
            return first

        def told(self, stimulus: float, records: Any, flags: Flag) -> tuple[float, float, float]:
            return (float(stimulus > 1.5), 0.0, 0.0)

    settings = protocol_named("oscillation_window").parse({"record_span": 1e-5})
    steps = list(WindowSearch(settings, station, recorder, Listed()).run())
    assert [(point.values[2], point.values[4]) for point in recorder.points] == [(1.0, 0.0), (3.0, 1.0), (2.0, 1.0)]
    levels = station.bias.named("configure_level")
    assert [level for level in levels if level] == [1.0, 3.0, 2.0] and levels[-1] == 0.0 and not station.bias.output
    assert all(0.0 in levels[at - 1:at] for at, level in enumerate(levels) if level)
    assert steps[-1].done == steps[-1].total == 3 and all(step.idle for step in steps[-2:])


def test_what_the_window_asks_for(station: Any) -> None:
    for refused in ({"highest": 0.4}, {"lowest": -1}, {"budget": 3}, {"interval": 0}, {"points": 1}):
        with pytest.raises(ConfigurationError):
            protocol_named("oscillation_window").parse(refused)
    plan = protocol_named("oscillation_window").parse({"highest": 3.0, "budget": 30}).plan(station)
    assert plan.steps == 30 and next(item.value for item in plan.worst_case if item.quantity == "voltage") == 3.0
    refused = protocol_named("oscillation_window").parse({"highest": 5.0}).plan(station)
    assert any("Lower 'highest'" in text for text in refused.refusals)
