"""What was asked of a source meter last, and how it is set again."""

from collections.abc import Sequence

from tsbench.instruments.interfaces import MeasureSettings, SourceSettings


def with_settings(
    settings: SourceSettings | MeasureSettings, asked: Sequence[SourceSettings | MeasureSettings],
) -> list[SourceSettings | MeasureSettings]:
    """Return what was asked for last, with settings that take the place of earlier ones of their kind."""
    return [*(one for one in asked if type(one) is not type(settings)), settings]


def restoring(asked: Sequence[SourceSettings | MeasureSettings]) -> list[SourceSettings | MeasureSettings]:
    """Return settings in an order that instruments take: a fixed measuring range needs a compliance that is as high.

    The output must be off: the compliance may be higher for a moment.
    """
    source = next((one for one in asked if isinstance(one, SourceSettings)), None)
    measure = next((one for one in asked if isinstance(one, MeasureSettings)), None)
    if source is None or measure is None:
        return list(asked)
    if measure.function == source.function or measure.range is None or measure.range <= source.compliance:
        return [source, measure]
    return [source.read_back(measure.range, source.range), measure, source]
