"""The library of neurons: netlists with what is known about them, and copies with other values or another stimulus."""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from tsbench.errors import ConfigurationError, nearest

_FOLDER = "tsbench.simulated_backends.studies.neurons"
_PARAMETERS = re.compile(r"(?m)^\.param (.*)$")


@dataclass(frozen=True)
class Neuron:
    """One circuit of the library; ``mark`` as in the catalogue of devices (F, K, A, T)."""

    name: str
    text: str  #: SPICE
    title: str
    source: str
    mark: str
    stimulus: str  #: the one in the netlist, in words
    expected: str  #: what it shows then
    unknown: tuple[str, ...]

    @property
    def values(self) -> Mapping[str, str]:
        """Return the names and values on the ``.param`` lines."""
        return dict(re.findall(r"(\w+)=(\S+)", " ".join(_PARAMETERS.findall(self.text))))

    def netlist(
        self, values: Mapping[str, str] | None = None, stimulus: str | None = None, stop: float | None = None,
        samples: int = 2000,
    ) -> str:
        """Return the netlist with some of it replaced.

        Parameters
        ----------
        values : mapping
            New values of ``.param``, as text such as ``"3n"``.
        stimulus : str
            What the source ``Vin`` (or ``Iin``) gives, as SPICE text such as ``"PWL(0 0 1u 2)"``.
        stop : float
            End of ``.tran`` [s]; its step becomes ``stop / samples``.
        samples : int
            See ``stop``.

        Raises
        ------
        ConfigurationError
            The circuit has no such value.
        """
        text = self.text
        for name in values or {}:
            if name not in self.values:
                raise ConfigurationError(f"neuron {self.name} has no parameter '{name}'{nearest(name, self.values)}")
        if values:
            line = ".param " + " ".join(f"{name}={value}" for name, value in values.items())
            text = text.replace(".end\n", f"{line}\n.end\n")
        if stimulus is not None:
            text = re.sub(r"(?m)^([VI]in\s+\S+\s+\S+)\s.*$", lambda m: f"{m[1]} {stimulus}", text)
        if stop is not None:
            text = re.sub(r"(?m)^\.tran \S+ \S+", f".tran {stop / samples:.9g} {stop:.9g}", text)
        return text


@functools.cache
def neurons() -> Mapping[str, Neuron]:
    """Return all circuits of the library by name."""
    folder = resources.files(_FOLDER)
    names = sorted(file.name[:-4] for file in folder.iterdir() if file.name.endswith(".cir"))
    found = {}
    for name in names:
        table = tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8"))
        text = folder.joinpath(f"{name}.cir").read_text("utf-8")
        found[name] = Neuron(name=name, text=text, **{**table, "unknown": tuple(table["unknown"])})
    return found


def neuron(name: str) -> Neuron:
    """Return one circuit of the library.

    Raises
    ------
    ConfigurationError
        There is none of that name.
    """
    if name not in neurons():
        raise ConfigurationError(f"the library has no neuron '{name}'{nearest(name, neurons())}")
    return neurons()[name]
