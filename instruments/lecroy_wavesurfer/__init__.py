"""Teledyne LeCroy WaveSurfer 3000z and 4000HD."""

from tsbench.instruments.driver import DriverDeclaration

DRIVERS = (
    DriverDeclaration(
        name="lecroy_wavesurfer", kind="oscilloscope", models="Teledyne LeCroy WaveSurfer 3000z and 4000HD",
        model_pattern=r"(WAVESURFER |WS)?(3[0125][0-9]4Z|4[0-9]{2}4HD)",
        driver="tsbench.instruments.lecroy_wavesurfer.driver:LeCroyWaveSurfer",
    ),
)
