"""Limits of the T3DSO1000, T3DSO2000 and SDS1000X-E.

Sources: Siglent SDS1000X-E data sheet DS0101E-E03A; Teledyne LeCroy T3DSO1000/2000 data sheet. DC gain accuracy ±3 % of
full scale; offset accuracy ±(1.5 % of full scale + 1 % of the offset + 0.5 mV); time base ±25 ppm; one division has 25
codes.

Not compared with a data sheet: the offset ranges and the offset accuracy.
"""

from collections.abc import Mapping

from tsbench.instruments.lecroy_scope.scope_model import DIVISIONS, StepScopeModel

CODES_PER_DIVISION = 25.0
CLIP_LOW, CLIP_HIGH = -128, 127
#: of probes (programming guide PG01-E02D, ATTENUATION)
_ATTENUATIONS = (*(float(f"{step}e{decade}") for decade in range(-1, 4) for step in (1, 2, 5)), 1e4)


def _model(name: str, maker: str, channels: int, bandwidth: float, big: bool = False) -> StepScopeModel:
    return StepScopeModel(
        title=f"{maker} {name}", channels=channels, bandwidth=bandwidth, sample_rate=2e9 if big else 1e9,
        record_length=140_000_000 if big else 14_000_000, time_divisions=14, gain_accuracy=0.03, offset_accuracy=0.015,
        offset_limit=0.5e-3, offset_setting_accuracy=0.01, timebase_accuracy=25e-6, least_scale=500e-6,
        most_scale_50=1.0 if big else None, external=big or channels == 2,
        offset_limits=((2.0, DIVISIONS * 0.12), (20.0, DIVISIONS * 1.2)), attenuations=_ATTENUATIONS,
    )


MODELS: Mapping[str, StepScopeModel] = {
    **{f"T3DSO1{number}": _model(f"T3DSO1{number}", "LeCroy", number % 10, float(number // 100) * 1e8)
       for number in (102, 104, 202, 204)},
    **{f"T3DSO2{number}": _model(f"T3DSO2{number}", "LeCroy", number % 10, float(number // 100) * 1e8, True)
       for number in (102, 104, 202, 204, 302, 304)},
    **{f"SDS1{number}X-E": _model(f"SDS1{number}X-E", "Siglent", number % 10, float(number // 100) * 1e8)
       for number in (104, 202, 204)},
}
