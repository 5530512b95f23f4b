"""One line for what pydantic finds wrong."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tsbench.quantities import Volts
from tsbench.validation import first_problem


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    level: Volts = Field(gt=0)


class Slow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["slow"]
    delay: float = 1.0


class Fast(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["fast"]
    speed: float = 1.0


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid")
    entries: dict[str, Entry] = Field(default_factory=dict)
    count: int = 1
    movers: tuple[Annotated[Slow | Fast, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def _few(self) -> "Table":
        if self.count > 9:
            raise ValueError("count must be below 10")
        return self


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"cont": 1}, "unknown key 'cont'. Did you mean 'count'?"),
        ({"entries": {"D1": {"level": 1.0, "lvel": 2}}}, "unknown key 'lvel' in [entries.D1]. Did you mean 'level'?"),
        ({"movers": [{"kind": "slow", "dely": 1}]}, "unknown key 'dely' in [movers.0.slow]. Did you mean 'delay'?"),
        ({"entries": {"D1": {}}}, "entries.D1.level is missing. Add it"),
        ({"entries": {"D1": {"lvel": 1.0}}}, "unknown key 'lvel' in [entries.D1]. Did you mean 'level'?"),
        ({"entries": {"D1": {"level": "-1 V"}}}, "entries.D1.level: -1.0 should be greater than 0"),
        ({"entries": {"D1": {"level": "one"}}}, "entries.D1.level: 'one' is not a quantity"),
        ({"count": "x\0\ny"}, "count: 'x\\x00\\ny' should be a valid integer"),
        ({"count": 12}, "count must be below 10"),
    ],
)
def test_one_line(data: dict[str, Any], line: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Table.model_validate(data)
    said = first_problem(caught.value, Table)
    assert said.startswith(line) and "\n" not in said


@pytest.mark.parametrize("value", ["9" * 5000, 10**5000], ids=["text", "number"])
def test_a_long_value_is_cut(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Table.model_validate({"count": value})
    assert len(first_problem(caught.value)) < 400
