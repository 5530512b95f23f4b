"""tsbench: the bench software of a threshold-switching lab.

The names of scripts and notebooks, each imported from its module at its first use, so that ``import tsbench`` and the
command line start fast. Their types are in ``__init__.pyi``.
"""

#: name -> the module that defines it; a name without one is a module of this package
_HOMES = {
    "__version__": "tsbench.version",
    "Bench": "tsbench.station.bench.bench",
    "IVSweep": "tsbench.protocols",
    "Oscillation": "tsbench.protocols",
    "PairedPulse": "tsbench.protocols",
    "PulseTrain": "tsbench.protocols",
    "Relaxation": "tsbench.protocols",
    "SimulatedBench": "tsbench.pytest_plugin.simulated_bench",
    "connect": "tsbench.station.service.client",
    "analyse_files": "tsbench.extraction",
    "archive": "tsbench.archives.questions",
    "campaign": "tsbench.station.campaign",
    "errors": "",
    "figure": "tsbench.extraction.run_figures",
    "extract": "tsbench.extraction",
    "protocol_named": "tsbench.protocols",
    "quantities": "",
    "read_run": "tsbench.storage",
    "read_tables": "tsbench.extraction",
    "run_on": "tsbench.station.runner",
    "run_protocol": "tsbench.station.runner",
    "statistics": "tsbench.archives.statistics",
    "simulate": "tsbench.simulated_backends.studies.simulate.simulate",
}

__all__ = list(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # not before it is needed: the interpreter itself starts without it

    home = _HOMES[name]
    found = getattr(importlib.import_module(home), name) if home else importlib.import_module(f"{__name__}.{name}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
