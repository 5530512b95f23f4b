"""Which figures a run has and what they are called, what a first contact says, and the choices of an extraction."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.fixtures.made_runs import pulses, run, sawtooth, sweep
from tsbench.analysis.threshold.switching_rule import Above, Jump
from tsbench.errors import ConfigurationError
from tsbench.extraction import device_line
from tsbench.protocols import ExtractionOptions, IVSweep, Oscillation, PulseTrain, Relaxation
from tsbench.protocols.extracting.contacts import contact_of
from tsbench.protocols.extracting.device_condition import remark_on_device
from tsbench.protocols.extracting.facts import instrument_of, parameter, sweep_facts, timebase_accuracy
from tsbench.protocols.extracting.named_figure import MOST_FIGURES
from tsbench.protocols.first_contact.extraction import contact_remark
from tsbench.protocols.first_contact.protocol import FirstContact
from tsbench.protocols.oscillation.figure import oscillation_figures
from tsbench.protocols.pulse_train.figure import train_figures
from tsbench.protocols.relaxation.figure import relaxation_figures
from tsbench.records import Flag, Run

OPTIONS = ExtractionOptions()


def test_the_choices_of_an_extraction() -> None:
    assert (OPTIONS.path_tolerance, OPTIONS.channel_skew) == (0.02, 0.2e-9)
    assert (OPTIONS.sense_stray, OPTIONS.sense_stray_limit) == (20e-12, 15e-12)
    assert OPTIONS.rule == Jump() and ExtractionOptions(rule="above=10n").rule == Above(1e-8)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"rule 3"):
        ExtractionOptions(rule=3)  # type: ignore[arg-type]


def test_an_oscillation_has_a_figure_for_each_bias_and_one_of_all() -> None:
    measured = run("oscillation", ("index",), waveforms=[*sawtooth(1.0, 1e6), *sawtooth(2.0, 2e6)])
    names, made = zip(*oscillation_figures(measured), strict=True)
    assert names == ("bias_1", "bias_2", "load_line", "frequency")
    assert [name for name, _ in Oscillation.figures(measured, OPTIONS)] == list(names)
    assert [figure.args[5] for figure in made[:2]] == [
        "D1: oscillation at a bias of 1.000 V", "D1: oscillation at a bias of 2.000 V"]
    assert made[0].args[2] == "V" and made[0].args[6] is False
    one = run("oscillation", ("index",), waveforms=sawtooth(1.0, 1e6))
    assert [name for name, _ in oscillation_figures(one)] == ["bias_1", "load_line"]
    many = [record for k in range(MOST_FIGURES + 2) for record in sawtooth(1.0 + k, 1e6)]
    found = [name for name, _ in oscillation_figures(run("oscillation", ("index",), waveforms=many))]
    assert found[-3:] == [f"bias_{MOST_FIGURES}", "load_line", "frequency"] and len(found) == MOST_FIGURES + 2
    nameless = [replace(wave, conditions={}) for wave in sawtooth(1.0, 1e6)]
    (_, figure), _ = oscillation_figures(run("oscillation", ("index",), waveforms=nameless))
    assert figure.args[5] == "D1: oscillation at a bias of 0.000 V"  # type: ignore[attr-defined]


def test_pulses_have_a_figure_for_each_amplitude() -> None:
    waves = [*pulses(), *(replace(w, time=9.0) for w in pulses()), *pulses(amplitude=1.5)]
    train = run("pulse_train", ("index",), waveforms=waves)
    names, made = zip(*train_figures(train, OPTIONS), strict=True)
    assert names == ("pulse_1", "pulse_2") and [name for name, _ in PulseTrain.figures(train, OPTIONS)] == list(names)
    assert [figure.args[4] for figure in made] == ["D1: pulse of 1.200 V", "D1: pulse of 1.500 V"]
    shots = run("relaxation", ("index",), waveforms=waves)
    names, made = zip(*relaxation_figures(shots, OPTIONS), strict=True)
    assert names == ("relaxation_1", "relaxation_2") and len(list(Relaxation.figures(shots, OPTIONS))) == 2
    assert made[0].args[2] == "D1: relaxation after a pulse of 1.200 V" and len(made[1].args[0]) == 1


def contact(current: Any, limited: int = 0) -> Run:
    """Return a first contact with readings at 0 to 0.1 V of both polarities; the last ones are in compliance."""
    sizes = np.linspace(0.0, 0.1, 11)
    volts = np.concatenate([[0.0], np.stack([sizes[1:], -sizes[1:]], axis=1).ravel()])
    columns = ("index", "time", "set_point", "voltage", "current", "device_voltage")
    flags = np.where(np.arange(volts.size) >= volts.size - limited, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    rows = [(k, 0.0, v, v, float(current(v)), v) for k, v in enumerate(volts)]
    return run("first_contact", columns, rows, flags=flags)


@pytest.mark.parametrize(("current", "limited", "words"), [
    (lambda v: v / 1e3, 0, ("ohmic", "1.00 kOhm")), (lambda v: v / 1e3 * (1 + 20 * v**2), 0, ("may switch", "969 Ohm")),
    (lambda v: v / 1e3, 18, ("too few",)), (lambda v: 1e-12 * np.sin(1e5 * v), 0, ("open",)),
    (lambda v: v / 1e3 * (1 - 20 * v**2), 0, ()),   # a resistance that rises is neither
    (lambda v: v / 1e3 * (1 + 20 * v**2 * (v > 0)), 0, ()),   # at one polarity only
])
def test_what_a_first_contact_says(current: Any, limited: int, words: tuple[str, ...]) -> None:
    measured = contact(current, limited)
    said = contact_remark(measured)
    assert bool(said) is bool(words) and all(word in said for word in words), said
    assert FirstContact.device_remark(measured) == said
    results = list(FirstContact.extract(measured, OPTIONS))
    assert all(bool(result.flags & Flag.COMPLIANCE) is bool(limited) for result in results)


def test_the_figure_of_a_first_contact_has_ohms_law_where_a_resistance_was_found() -> None:
    for limited, curves in ((0, 2), (20, 1)):
        (name, draw), = FirstContact.figures(contact(lambda v: v / 1e3, limited), OPTIONS)
        assert name == "contact" and len(draw().axes[0].lines) == curves
    assert not list(FirstContact.figures(run("first_contact", ("device_voltage", "current")), OPTIONS))


def test_facts_of_the_ranges_in_use() -> None:
    def facts(**settings: Any) -> Any:
        measured = sweep()
        meter = {**measured.header.instruments["meter"], "settings": settings}
        header = replace(measured.header, instruments={**measured.header.instruments, "meter": meter})
        return sweep_facts(replace(measured, header=header), OPTIONS)

    usual = facts(measure_range=1e-3, source_range=2.0)
    assert (usual.current_gain, usual.current_offset, usual.current_noise) == (2e-4, 6e-8, 5e-9)
    assert (usual.voltage_gain, usual.voltage_offset, usual.voltage_noise) == (2e-4, 3e-4, 1e-5)
    assert facts(measure_range=1e-2, source_range=20.0).voltage_offset == 2e-3
    assert facts(measure_range=0, source_range=None).current_offset == 6e-8   # by what was read: up to 1 mA and 1.2 V
    assert facts(measure_range=5.0, source_range=2.1).current_offset == 6e-7   # beyond all: the largest range
    assert facts(measure_range=1e-3, source_range=2.1).voltage_offset == 3e-4   # 5 % of overrange
    assert facts(measure_range=1e-3, source_range=2.11).voltage_offset == 2e-3
    assert usual.path_tolerance == 0.02 and usual.path_resistance == 52.0
    header = sweep().header
    bare = replace(header, instruments={"meter": {"roles": "drive", "accuracy": None}})
    assert instrument_of(bare, "drive") == bare.instruments["meter"] and instrument_of(bare, "scope") == {}
    nothing = sweep_facts(replace(sweep(), header=bare), OPTIONS)
    assert (nothing.voltage_gain, nothing.voltage_offset, nothing.voltage_noise) == (0.0, 0.0, 0.0)
    assert (nothing.current_gain, nothing.current_offset, nothing.current_noise) == (0.0, 0.0, 0.0)
    assert timebase_accuracy(bare) == 0.0


@pytest.mark.parametrize(("place", "accuracy"), [
    ({"accuracy": {"timebase": {"relative": 1e-6}}}, 1e-6), ({"accuracy": {"timebase": {"gain": 2e-6}}}, 2e-6),
    ({"settings": {"timebase_accuracy": 3e-6}}, 3e-6), ({"accuracy_of_timebase": 4e-6}, 4e-6),
    ({"settings": {"timebase_span": 1.0}}, 0.0), ({"accuracy": {"gain_accuracy": 0.5}}, 0.0),
    ({"accuracy": {"timebase": "good"}}, 0.0),
])
def test_the_accuracy_of_the_time_base_wherever_it_stands(place: dict[str, Any], accuracy: float) -> None:
    header = replace(sweep().header, instruments={"scope": {"roles": ["scope"], **place}})
    assert timebase_accuracy(header) == accuracy


def test_parameters_with_and_without_a_unit() -> None:
    measured = sweep(parameters={"a": {"value": 3.0, "unit": "V"}, "b": 4, "c": {"unit": "V"}})
    assert [parameter(measured, name, 9) for name in "abcd"] == [3.0, 4, 9, 9]


@pytest.mark.parametrize(("cycles", "named"), [(1, False), (2, True)])
def test_a_remark_on_a_sweep_names_its_cycle_where_there_are_several(cycles: int, named: bool) -> None:
    """A device that is on from the first reading to the last."""
    one = sweep(threshold=0.0, hold=-1.0)
    points = np.concatenate([one.points] * cycles)
    points[:, 2] = np.repeat(np.arange(1, cycles + 1), len(one.points))
    measured = replace(one, points=points, point_flags=np.zeros(len(points), np.uint32))
    said = remark_on_device(measured)
    assert said and ("cycle 1" in said) is named
    assert IVSweep.device_remark(measured) == said and IVSweep.device_remark(sweep()) == ""


def few(current: Any, level: Any = (0.0, 0.3, 0.6, 0.9, 1.2, 0.9, 0.6, 0.3, 0.0), beside: float = 0.0) -> Run:
    """Return a sweep of a few readings: ``current`` [A] in the device, and ``beside`` [S] across it."""
    whole, turn = sweep(), int(np.argmax(level))
    points = [
        (k, 0.02 * k, 1, 1 if k <= turn else -1, 1, v, v, i + beside * v, v)
        for k, (v, i) in enumerate(zip(level, current, strict=True))]
    fixture = replace(whole.header.fixture, parallel_conductance=beside, path_resistance={})
    return replace(
        whole, header=replace(whole.header, fixture=fixture), points=np.array(points, dtype=np.float64),
        point_flags=np.zeros(len(points), np.uint32))


OFF_TO_ON = (-5e-9, 2.85e-6, 9.31e-6, 2.78e-5, 1e-3, 2.78e-5, 9.3e-6, 2.84e-6, 2e-9)


def test_a_device_that_is_on_at_the_highest_level_only_is_told() -> None:
    """One reading alone may be wild, so it is no event; but it is not passed over in silence."""
    said = IVSweep.device_remark(few(OFF_TO_ON))
    assert "on at the highest level only. The current is 27.8 uA at 900 mV, and 1.00 mA at 1.20 V" in said
    one_way = few(OFF_TO_ON[:5], (0.0, 0.3, 0.6, 0.9, 1.2))
    assert "on at the highest level only" in IVSweep.device_remark(one_way)
    smooth = [*OFF_TO_ON[:4], 9e-5, *OFF_TO_ON[5:]]   # a curve that grows as it did before
    assert IVSweep.device_remark(few(smooth)) == ""
    assert IVSweep.device_remark(few(np.array(OFF_TO_ON) * 1e-5)) == ""   # within the noise


@pytest.mark.parametrize(("after", "said"), [(2e-8, False), (4e-8, True)])
def test_a_current_without_voltage_changed_where_it_changed_by_more_than_the_noise(after: float, said: bool) -> None:
    """The made source meter has a noise of 5 nA."""
    remark = remark_on_device(few((-7e-9, 1e-8, after - 7e-9), (0.0, 1.2e-3, 0.0)))
    assert ("at level 0, the current is" in remark) is said


@pytest.mark.parametrize("beside", [0.0, 1e-6, 2e-6])
def test_what_flows_through_the_scope_inputs_is_no_current_of_the_device(beside: float) -> None:
    level = np.array([0.0, 0.3, 0.6, 0.9, 1.2, 0.9, 0.6, 0.3, 0.0])
    assert "like a resistor of 1.00 MOhm" in remark_on_device(few(1e-6 * level, level, beside))
    assert "looks open (at most 0.00 A" in contact_of(few(0.0 * level, level, beside)).message
    first = contact(lambda v: v / 1e6 + beside * v)
    fixture = replace(first.header.fixture, parallel_conductance=beside)
    assert "1.00 MOhm" in contact_remark(replace(first, header=replace(first.header, fixture=fixture)))


@pytest.mark.parametrize("status", ["abort", "fail", "recovered"])
def test_a_sweep_that_did_not_finish_says_nothing_of_what_the_device_does(status: str) -> None:
    whole = few(1e-4 * np.array([0.0, 0.3, 0.6, 0.9, 1.2]), (0.0, 0.3, 0.6, 0.9, 1.2))
    assert "does not switch" in device_line(whole)
    assert device_line(replace(whole, status=status)) == ""
    shorted = few(np.array([0.0, 0.3, 0.6]) / 5, (0.0, 0.3, 0.6))
    assert "looks short" in device_line(replace(shorted, status=status))
