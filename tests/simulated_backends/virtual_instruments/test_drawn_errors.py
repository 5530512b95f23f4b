"""How the errors of units are drawn: their distribution over many units. The seed of the world draws a unit.

How an error reaches a reading or an output is measured by the tests of imperfections. Here nothing is measured, so
the distribution of thousands of units is known well enough to see a width that is 10 % wrong.
"""

import dataclasses
import math

import numpy as np
import pytest

from benchmarks.imperfections.sheets import GENERATORS, OSCILLOSCOPES, SOURCE_METERS
from tests.fixtures.sheet_meter import SheetMeter
from tests.fixtures.spread import NORMAL, UNIFORM
from tsbench.records import FloatArray
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import OutputErrors
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import ChannelErrors, channel_errors

UNITS = 2000  #: the rms value of so many normal errors is uncertain by 1.6 %, of uniform ones by 1 %
SCOPES = {f"{folder} {name}": sheet for folder, models in OSCILLOSCOPES.items() for name, sheet in models.items()}
GENERATOR_SHEETS = {
    f"{folder} {name}": sheet for folder, models in GENERATORS.items() for name, sheet in models.items()}
#: a model with different numbers for each error
SCOPE = next(sheet for sheet in SCOPES.values() if sheet.channel_delay and sheet.offset_divisions)
GENERATOR = next(sheet for sheet in GENERATOR_SHEETS.values() if sheet.offset_amplitude_accuracy)


def require_distribution(drawn: FloatArray, rms: float, name: str) -> None:
    """Require the width, the middle and the end of many errors, each relative to the accuracy."""
    assert len(drawn) == UNITS
    assert math.sqrt(np.mean(np.square(drawn))) == pytest.approx(rms, rel=0.05), name
    assert abs(np.mean(drawn)) < 4 * rms / math.sqrt(UNITS), name
    largest = float(np.max(np.abs(drawn)))
    assert 0.97 < largest <= 1.0 + 1e-12, (name, largest)   # cut off at the accuracy, and units come near it
    if rms == UNIFORM:   # no normal distribution of the same width: 5 % are beyond 95 % of the accuracy
        assert np.mean(np.abs(drawn) > 0.95) == pytest.approx(0.05, abs=0.015), name


def test_errors_of_inputs_are_normal_with_a_third_of_the_accuracy() -> None:
    """Of oscilloscopes with 2000 inputs together."""
    drawn = [one for bench in (BenchServices(seed) for seed in range(UNITS // SCOPE.channels))
             for one in channel_errors(bench, "scope", SCOPE, {}).values()]
    for field, accuracy in (("gain", SCOPE.gain_accuracy), ("offset_divisions", SCOPE.offset_divisions),
                            ("offset", SCOPE.offset_accuracy), ("offset_gain", SCOPE.offset_gain_accuracy),
                            ("delay", SCOPE.channel_delay)):
        require_distribution(np.array([getattr(one, field) for one in drawn]) / accuracy, NORMAL, field)
    noise = (np.array([one.noise for one in drawn]) - 1.0) / 0.15
    require_distribution(noise, UNIFORM, "noise")
    pairs = np.corrcoef([[getattr(one, field.name) for one in drawn] for field in dataclasses.fields(ChannelErrors)])
    assert np.max(np.abs(pairs - np.eye(len(pairs)))) < 5 / math.sqrt(UNITS)   # each is drawn by itself


def test_errors_of_outputs_are_normal_with_a_third_of_the_accuracy() -> None:
    drawn = [OutputErrors.draw(GENERATOR, BenchServices(seed).rng("generator", "output", "1"))
             for seed in range(UNITS)]
    accuracies = {
        "amplitude_gain": GENERATOR.amplitude_gain_accuracy, "amplitude": GENERATOR.amplitude_accuracy,
        "offset_gain": GENERATOR.offset_gain_accuracy, "offset_per_amplitude": GENERATOR.offset_amplitude_accuracy,
        "offset": GENERATOR.offset_accuracy, "timebase": GENERATOR.timebase_accuracy}
    assert set(accuracies) == {field.name for field in dataclasses.fields(OutputErrors)}
    for field, accuracy in accuracies.items():
        require_distribution(np.array([getattr(one, field) for one in drawn]) / accuracy, NORMAL, field)
    pairs = np.corrcoef([[getattr(one, field) for one in drawn] for field in accuracies])
    assert np.max(np.abs(pairs - np.eye(len(pairs)))) < 5 / math.sqrt(UNITS)


def test_calibration_errors_are_uniform_within_the_accuracy() -> None:
    """Of readings, levels, limits, time bases, decade boxes and temperature inputs: all have this one function."""
    sheet = next(iter(next(iter(SOURCE_METERS.values())).values()))
    meter, drawn = SheetMeter(sheet), []
    for seed in range(UNITS):
        meter.bench = BenchServices(seed)
        drawn.append(meter.calibration("measure VOLT 20", 0.02, 3.0))
    require_distribution(np.array([one.gain for one in drawn]) / 0.02, UNIFORM, "gain")
    require_distribution(np.array([one.offset for one in drawn]) / 3.0, UNIFORM, "offset")
    pairs = np.corrcoef([one.gain for one in drawn], [one.offset for one in drawn])
    assert abs(pairs[0, 1]) < 5 / math.sqrt(UNITS)


@pytest.mark.parametrize("name", SCOPES)
def test_errors_of_each_oscilloscope_follow_its_own_data_sheet(name: str) -> None:
    """In the same unit, two models have the same errors relative to their accuracies."""
    sheet = SCOPES[name]
    one, other = (ChannelErrors.draw(each, np.random.default_rng(3)) for each in (sheet, SCOPE))
    for field, number in (("gain", "gain_accuracy"), ("offset_divisions", "offset_divisions"),
                          ("offset", "offset_accuracy"), ("offset_gain", "offset_gain_accuracy")):
        expected = getattr(other, field) / getattr(SCOPE, number) * getattr(sheet, number)
        assert getattr(one, field) == pytest.approx(expected, rel=1e-9, abs=1e-15), field


@pytest.mark.parametrize("name", GENERATOR_SHEETS)
def test_errors_of_each_generator_follow_its_own_data_sheet(name: str) -> None:
    sheet = GENERATOR_SHEETS[name]
    one, other = (OutputErrors.draw(each, np.random.default_rng(3)) for each in (sheet, GENERATOR))
    for field, number in (("amplitude_gain", "amplitude_gain_accuracy"), ("amplitude", "amplitude_accuracy"),
                          ("offset_gain", "offset_gain_accuracy"),
                          ("offset_per_amplitude", "offset_amplitude_accuracy"), ("offset", "offset_accuracy"),
                          ("timebase", "timebase_accuracy")):
        expected = getattr(other, field) / getattr(GENERATOR, number) * getattr(sheet, number)
        assert getattr(one, field) == pytest.approx(expected, rel=1e-9, abs=1e-15), field
