"""A protocol on a device of a bench as an instrument of QCoDeS: its parameters can be swept, a run is one reading."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from qcodes.instrument import Instrument
from qcodes.parameters import MultiParameter

from tsbench.errors import ConfigurationError
from tsbench.interop.running import perform
from tsbench.protocols import describe, protocol_named
from tsbench.station.campaign.names import QUANTITIES
from tsbench.station.runner.outcome import RunOutcome


class ProtocolInstrument(Instrument):
    """Measures one protocol on one device, through the bench service where one runs.

    Each parameter of the protocol is a parameter in its SI unit. ``measured`` performs a run and returns the values
    that it extracts, with the ends of their 95 % intervals. ``outcome`` is that of the latest run.

    Parameters
    ----------
    name : str
    bench : Path
        The bench file.
    device, protocol : str
    quantities : sequence of str
        Extracted quantities that ``measured`` returns; of several results of a quantity, the first one. QCoDeS has no
        empty number: a value or an end that is not known is NaN, and ``outcome`` has the flags.
    out : Path
        Folder of the run files.

    Raises
    ------
    ConfigurationError
        There is no such protocol or quantity.
    """

    def __init__(
        self, name: str, bench: Path | str, device: str, protocol: str, quantities: tuple[str, ...],
        out: Path | str = "runs",
    ) -> None:
        super().__init__(name)
        kind = protocol_named(protocol)
        if unknown := [one for one in quantities if one not in QUANTITIES]:
            raise ConfigurationError(f"there is no quantity '{unknown[0]}'")
        self._bench, self._device, self._protocol, self._out = Path(bench), device, kind, Path(out)
        self._settings: dict[str, Any] = {}
        self.outcome: RunOutcome | None = None
        described = {one["name"]: one for one in describe(kind)["parameters"]}
        for key, one in described.items():
            self.add_parameter(
                key if not hasattr(self, key) else f"{key}_", label=one["help"], unit=one["unit"],
                set_cmd=partial(self._settings.__setitem__, key), get_cmd=partial(self._setting, key, one["default"]))
        names = [f"{quantity}{end}" for quantity in quantities for end in ("", "_low", "_high")]
        units = [QUANTITIES[quantity] for quantity in quantities for _ in range(3)]
        self.measured = _Measured("measured", names, units, self, quantities)

    def get_idn(self) -> dict[str, str | None]:
        """Return what this instrument is; the run files identify the instruments of the bench."""
        return {"vendor": "tsbench", "model": self._protocol.name, "serial": self._device, "firmware": None}

    def run(self) -> RunOutcome:
        """Perform a run with the present parameters.

        Raises
        ------
        TsbenchError
            It was refused.
        """
        protocol = self._protocol.parse(dict(self._settings))
        self.outcome = perform(self._bench, self._device, protocol, self._out)
        return self.outcome

    def _setting(self, name: str, default: Any) -> Any:
        return self._settings.get(name, default)


class _Measured(MultiParameter):
    """One reading is one run."""

    def __init__(
        self, name: str, names: list[str], units: list[str], instrument: ProtocolInstrument,
        quantities: tuple[str, ...],
    ) -> None:
        alone: Any = ((),) * len(names)  # single numbers, without setpoints of their own
        super().__init__(
            name, names=tuple(names), shapes=alone, setpoints=alone, units=tuple(units), instrument=instrument)
        self._quantities, self._measures = quantities, instrument

    def get_raw(self) -> tuple[float, ...]:
        """Measure; return value, low and high of each quantity."""
        outcome = self._measures.run()
        first: Mapping[str, Any] = {one.quantity: one for one in reversed(outcome.results)}
        found = [getattr(first.get(quantity), end, None) for quantity in self._quantities
                 for end in ("value", "low", "high")]
        return tuple(float("nan") if one is None else float(one) for one in found)
