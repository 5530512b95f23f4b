"""Keysight B2901A, B2902A, B2911A and B2912A source meters."""

from tsbench.instruments.driver import DriverDeclaration

_FOLDER = "tsbench.instruments.keysight_b2900"

DRIVERS = tuple(
    DriverDeclaration(
        name=f"keysight_b{model}a", kind="source meter", models=f"Keysight B{model}A", model_pattern=f"B{model}A",
        driver=f"{_FOLDER}.driver:KeysightB2900", terminal=f"{_FOLDER}.source_meter:ChannelSourceMeter",
        channels=("1", "2") if model in {2902, 2912} else ("1",))
    for model in (2901, 2902, 2911, 2912)
)
