"""Limits of the WaveSurfer 3000z and 4000HD.

Sources: Teledyne LeCroy WaveSurfer 3000z data sheet: 8 bits, DC gain accuracy ±1.5 % of full scale, offset accuracy
±(1 % of the offset + 1.5 % of full scale + 1 mV), time base ±10 ppm, 1000 segments. WaveSurfer 4000HD data sheet:
12 bits, DC gain accuracy ±0.5 %, 10,000 segments.

Not compared with a data sheet: the offset ranges.
"""

from collections.abc import Mapping

from tsbench.instruments.lecroy_scope.scope_model import DIVISIONS, StepScopeModel


def _model(name: str, bandwidth: float, high: bool) -> StepScopeModel:
    return StepScopeModel(
        title=f"LeCroy WaveSurfer {name}", channels=4, bandwidth=bandwidth, sample_rate=5e9 if high else 4e9,
        record_length=25_000_000 if high else 20_000_000, time_divisions=10, gain_accuracy=0.005 if high else 0.015,
        offset_accuracy=0.01 if high else 0.015, offset_limit=1e-3, offset_setting_accuracy=0.01,
        timebase_accuracy=10e-6, most_scale_50=1.0, segments=10_000 if high else 1000, bits=12 if high else 8,
        offset_limits=((1.6, DIVISIONS * 5e-3), (4.0, DIVISIONS * 0.1), (40.0, DIVISIONS * 1.0)),
    )


MODELS: Mapping[str, StepScopeModel] = {
    **{f"WS{number}Z": _model(f"{number}z", bandwidth, False)
       for number, bandwidth in ((3014, 100e6), (3024, 200e6), (3034, 350e6), (3054, 500e6), (3104, 1e9))},
    **{f"WS{number}HD": _model(f"{number}HD", bandwidth, True)
       for number, bandwidth in ((4024, 200e6), (4034, 350e6), (4054, 500e6), (4104, 1e9))},
}
