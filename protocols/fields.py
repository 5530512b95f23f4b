"""Parameter types that several protocols use: lists of quantities, as "1.1 V, 1.2 V" or as a sequence; of pulses."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tsbench.quantities import Amperes, Farads, Kelvins, Ohms, Seconds, Unit, Volts, VoltsPerSecond


def _split(value: object) -> object:
    """Turn one value or comma-separated text into a tuple; the items are parsed by their own type."""
    if isinstance(value, str):
        text = value.strip().removeprefix("[").removesuffix("]")
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(value, int | float):
        return (value,)
    if isinstance(value, Sequence):
        return tuple(value)
    return value


VoltsList = Annotated[tuple[Volts, ...], BeforeValidator(_split), Unit("V")]
AmperesList = Annotated[tuple[Amperes, ...], BeforeValidator(_split), Unit("A")]
SecondsList = Annotated[tuple[Seconds, ...], BeforeValidator(_split), Unit("s")]
OhmsList = Annotated[tuple[Ohms, ...], BeforeValidator(_split), Unit("Ohm")]
FaradsList = Annotated[tuple[Farads, ...], BeforeValidator(_split), Unit("F")]
VoltsPerSecondList = Annotated[tuple[VoltsPerSecond, ...], BeforeValidator(_split), Unit("V/s")]
KelvinsList = Annotated[tuple[Kelvins, ...], BeforeValidator(_split), Unit("K")]

ScopeTrigger = Annotated[
    Literal["device", "external"],
    Field(description="trigger source of the scope: the pulse at the device, or the generator's sync output at EXT"),
]
ExternalLevel = Annotated[Volts, Field(description="trigger level of an external trigger")]
