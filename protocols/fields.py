"""Parameter types that several protocols use: lists of quantities, as "1.1 V, 1.2 V" or as a sequence; of pulses."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from tsbench.quantities import Amperes, Farads, Kelvins, Ohms, Seconds, Unit, Volts, VoltsPerSecond


def split_list(value: object) -> Any:
    """Turn one value or comma-separated text into a tuple; the items are parsed by their own type."""
    if isinstance(value, str):
        text = value.strip().removeprefix("[").removesuffix("]")
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if isinstance(value, int | float):
        return (value,)
    if isinstance(value, Sequence):
        return tuple(value)
    return value


VoltsList = Annotated[tuple[Volts, ...], BeforeValidator(split_list), Unit("V")]
AmperesList = Annotated[tuple[Amperes, ...], BeforeValidator(split_list), Unit("A")]
SecondsList = Annotated[tuple[Seconds, ...], BeforeValidator(split_list), Unit("s")]
OhmsList = Annotated[tuple[Ohms, ...], BeforeValidator(split_list), Unit("Ohm")]
FaradsList = Annotated[tuple[Farads, ...], BeforeValidator(split_list), Unit("F")]
VoltsPerSecondList = Annotated[tuple[VoltsPerSecond, ...], BeforeValidator(split_list), Unit("V/s")]
KelvinsList = Annotated[tuple[Kelvins, ...], BeforeValidator(split_list), Unit("K")]

ScopeTrigger = Annotated[
    Literal["device", "external"],
    Field(description="trigger source of the scope: the pulse at the device, or the generator's sync output at EXT"),
]
ExternalLevel = Annotated[Volts, Field(description="trigger level of an external trigger")]
