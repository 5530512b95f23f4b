"""Limits of the SDS1000X HD and SDS2000X HD.

Sources: Siglent SDS2000X HD and SDS1000X HD data sheets: 12 bits, DC gain accuracy ±0.5 % of full scale, time base
±1 ppm (1000X HD: ±25 ppm), 2 GSa/s. Programming guide EN11D: a division is 7680 of a sample in 16 bits.

Not compared with a data sheet: the offset accuracy, the offset ranges and the largest number of segments.
"""

from collections.abc import Mapping

from tsbench.instruments.lecroy_scope.scope_model import DIVISIONS, StepScopeModel

CODES_PER_DIVISION = 7680.0
#: a converter at its end: 12 bits in the upper bits of 16
CLIP_LOW, CLIP_HIGH = -32768 + 15, 32767 - 15
EXTERNAL_LEVEL = 0.61  #: [V] the largest level of EX; EX5 has five times as much
#: queries that change nothing
REPEATABLE = (
    "*IDN?", ":CHANnel<n>:{SCALe|OFFSet|IMPedance|PROBe|LABel:TEXT}?", ":TIMebase:{SCALe|DELay}?",
    ":TRIGger:EDGE:LEVel?",
    ":TRIGger:STATus?", ":ACQuire:{SRATe|POINts|SEQuence:COUNt|NUMAcq}?", ":WAVeform:{DATA|PREamble|MAXPoint}?",
)


def _model(number: int, big: bool) -> StepScopeModel:
    return StepScopeModel(
        title=f"Siglent SDS{number}X HD", channels=number % 10, bandwidth=float(number // 100 % 10) * 1e8,
        sample_rate=2e9, record_length=200_000_000 if big else 100_000_000, time_divisions=10, gain_accuracy=0.005,
        offset_accuracy=0.005, offset_limit=1e-3, offset_setting_accuracy=0.005,
        timebase_accuracy=1e-6 if big else 25e-6, least_scale=500e-6, most_scale_50=1.0 if big else None,
        segments=10_000, bits=12, offset_limits=((1.0, DIVISIONS * 0.1), (10.0, DIVISIONS * 1.02)),
        longest_scale=1000.0,
    )


MODELS: Mapping[str, StepScopeModel] = {
    f"SDS{number}X HD": _model(number, number > 2000) for number in (1104, 1204, 2104, 2204, 2354)}
