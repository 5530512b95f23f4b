"""Spoil the bench on purpose, in this process and in child processes, to prove that the tests can fail.

A patch is applied to a module right after it is first imported, so nothing is imported early and the product holds
no switch for it.
"""

import dataclasses
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

Patch = Callable[[ModuleType], None]


def install_from_environment() -> None:
    """Install what TSBENCH_SABOTAGE names; called in child processes by ``sitecustomize``."""
    kind = os.environ.get("TSBENCH_SABOTAGE")
    if kind:
        install(kind)


def install(kind: str) -> None:
    """Spoil this process and, through the environment, the children it starts."""
    os.environ["TSBENCH_SABOTAGE"] = kind
    here = str(Path(__file__).resolve().parent)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if here not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([here, *filter(None, paths)])
    for name, patch in PATCHES[kind].items():
        if name in sys.modules:
            patch(sys.modules[name])
    sys.meta_path.insert(0, _AfterImport(PATCHES[kind]))


class _AfterImport(importlib.abc.MetaPathFinder):
    """Lets the usual finders find the module, then runs the patch behind its execution."""

    def __init__(self, patches: dict[str, Patch]) -> None:
        self._patches = patches
        self._busy = False

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if self._busy or fullname not in self._patches:
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy = False
        if spec is None or spec.loader is None:
            return None
        loader = spec.loader
        execute = loader.exec_module
        patch = self._patches[fullname]

        def execute_and_spoil(module: ModuleType) -> None:
            execute(module)
            patch(module)

        loader.exec_module = execute_and_spoil  # type: ignore[method-assign]
        return spec


# ----------------------------------------------------------------------------------- the device is a resistor


def _every_device_is_a_resistor(module: ModuleType) -> None:
    def resistor(*_: Any) -> Any:
        return module.device_models()["resistor"](r=10e3)

    module.CatalogueEntry.model = resistor
    module.CatalogueEntry.specimen = resistor


# -------------------------------------------------------------------------------- drivers lose a scale factor


def _milliamperes_for_amperes(module: ModuleType) -> None:
    driver = module.InteractiveSourceMeter
    right = driver._reading

    def reading(self: Any, *arguments: Any) -> Any:
        good = right(self, *arguments)
        return dataclasses.replace(good, current=good.current * 1e3)

    driver._reading = reading


def _milliamperes_in_decoded_readings(module: ModuleType) -> None:
    right = module.decoded

    def decoded(*arguments: Any) -> Any:
        good = right(*arguments)
        return dataclasses.replace(good, current=good.current * 1e3)

    module.decoded = decoded


def _milliamperes_in_sampled_points(module: ModuleType) -> None:
    right = module.parse_points

    def parse_points(reply: str) -> Any:
        return [(volts, 1e3 * amperes, *rest) for volts, amperes, *rest in right(reply)]

    module.parse_points = parse_points


def _peak_to_peak_for_peak(module: ModuleType) -> None:
    output = module.GeneratorOutput
    right = output.configure_pulse

    def configure_pulse(self: Any, pulse: Any) -> Any:
        right(self, dataclasses.replace(pulse, amplitude=pulse.amplitude / 2))
        return pulse

    output.configure_pulse = configure_pulse
    right_level = output.configure_level

    def configure_level(self: Any, level: float) -> float:
        right_level(self, level / 2)
        return level

    output.configure_level = configure_level
    right_waveform = output.load_waveform

    def load_waveform(self: Any, waveform: Any) -> None:
        right_waveform(self, dataclasses.replace(waveform, levels=waveform.levels / 2))

    output.load_waveform = load_waveform


def _divisions_for_volts_and_seconds(name: str) -> Patch:
    def patch(module: ModuleType) -> None:
        driver = getattr(module, name)
        right = driver.fetch

        def fetch(self: Any, *arguments: Any) -> Any:
            return {channel: dataclasses.replace(
                good, scale=good.scale / 8, offset=good.offset / 8, dt=good.dt * 10, t0=good.t0 * 10)
                for channel, good in right(self, *arguments).items()}

        driver.fetch = fetch

    return patch


# ------------------------------------------------------------------------------------------- outputs stay on


def _never_off(*names: str) -> Patch:
    def patch(module: ModuleType) -> None:
        for name in names:
            driver = getattr(module, name)
            right = driver.set_output

            def set_output(self: Any, enabled: bool, right: Any = right) -> None:
                if enabled:
                    right(self, True)

            driver.set_output = set_output
            driver.safe_state = lambda self: None

    return patch


def _safe_state_of_a_generator_is_forgotten(module: ModuleType) -> None:
    module.MultiOutputGenerator.safe_state = lambda self: None


def _safe_state_of_a_2600_is_forgotten(module: ModuleType) -> None:
    module.Keithley2600.safe_state = lambda self: None



def _safe_state_of_a_b1500a_is_forgotten(module: ModuleType) -> None:
    module.KeysightB1500A.safe_state = lambda self: None


def _safe_state_of_a_4200_is_forgotten(module: ModuleType) -> None:
    module.Keithley4200.safe_state = lambda self: None


PATCHES: dict[str, dict[str, Patch]] = {
    "resistor": {"tsbench.simulated_backends.devices.catalogue": _every_device_is_a_resistor},
    "units": {
        "tsbench.instruments.keithley_interactive.driver": _milliamperes_for_amperes,
        "tsbench.instruments.keysight_b1500a.readings": _milliamperes_in_decoded_readings,
        "tsbench.instruments.keithley_2400.readings": _milliamperes_in_decoded_readings,
        "tsbench.instruments.keithley_4200.forcing": _milliamperes_in_decoded_readings,
        "tsbench.instruments.keithley_4200.pulse_channel": _milliamperes_in_sampled_points,
        "tsbench.instruments.keysight_b2900.readings": _milliamperes_in_decoded_readings,
        "tsbench.instruments.keithley_2600.readings": _milliamperes_in_decoded_readings,
        "tsbench.instruments.generators.output": _peak_to_peak_for_peak,
        "tsbench.instruments.keysight_infiniivision.driver": _divisions_for_volts_and_seconds("KeysightInfiniiVision"),
        "tsbench.instruments.lecroy_t3dso.driver": _divisions_for_volts_and_seconds("LeCroyT3DSO"),
        "tsbench.instruments.lecroy_wavesurfer.driver": _divisions_for_volts_and_seconds("LeCroyWaveSurfer"),
        "tsbench.instruments.siglent_sds_hd.driver": _divisions_for_volts_and_seconds("SiglentSdsHd"),
        "tsbench.instruments.tektronix_mso.driver": _divisions_for_volts_and_seconds("TektronixMso"),
    },
    "output": {
        "tsbench.instruments.keithley_interactive.driver": _never_off("InteractiveSourceMeter"),
        "tsbench.instruments.keithley_2600.unit": _never_off("SmuUnit"),
        "tsbench.instruments.keithley_2600.driver": _safe_state_of_a_2600_is_forgotten,
        "tsbench.instruments.keysight_b1500a.source_channel": _never_off("SlotSourceMeter"),
        "tsbench.instruments.keysight_b1500a.driver": _safe_state_of_a_b1500a_is_forgotten,
        "tsbench.instruments.keithley_2400.source": _never_off("SourceOf2400"),
        "tsbench.instruments.keithley_4200.source_channel": _never_off("UnitSourceMeter"),
        "tsbench.instruments.keithley_4200.driver": _safe_state_of_a_4200_is_forgotten,
        "tsbench.instruments.keysight_b2900.source_meter": _never_off("ChannelSourceMeter"),
        "tsbench.instruments.generators.output": _never_off("GeneratorOutput"),
        "tsbench.instruments.generators.generator": _safe_state_of_a_generator_is_forgotten,
    },
}
