"""How functions are compiled: what floating point does, and when code on disk is too old."""

import math
from pathlib import Path

import numpy as np
import pytest
from numba import float64

from tsbench.simulated_backends.numerics.compilation import (
    as_compiled,
    by_address,
    compiled,
    function_at,
    inlined,
    part,
    stamp_of_all_sources,
    stamp_of_others,
)
from tsbench.simulated_backends.numerics.linear import solve

SIGNATURE = float64(float64)


@compiled
def quotient(a: float, b: float) -> float:
    return a / b


@by_address(SIGNATURE)
def squared(x: float) -> float:
    return x * x


_at = function_at(SIGNATURE)


@compiled
def called_at(address: int, x: float) -> float:
    return float(_at(address)(x))


def test_a_division_by_nothing_is_that_of_numpy() -> None:
    assert quotient(1.0, 0.0) == math.inf and math.isnan(quotient(0.0, 0.0))
    assert quotient(6.0, 3.0) == 2.0


def test_other_threads_go_on_while_compiled_code_runs() -> None:
    assert quotient.targetoptions["nogil"] and quotient.targetoptions["fastmath"] == {"contract", "arcp"}
    assert part(lambda x: x).targetoptions["inline"] == "always"
    assert inlined(lambda x: x).targetoptions["forceinline"]
    assert as_compiled(quotient) is quotient and as_compiled(abs_of).py_func is abs_of


def abs_of(x: float) -> float:
    return abs(x)


def test_compiled_code_makes_no_arrays() -> None:
    @compiled
    def array() -> float:
        return float(np.zeros(3)[0])

    with pytest.raises(Exception, match="passed into the function as argument"):
        array()


def test_a_function_is_called_by_its_address() -> None:
    assert called_at(squared(), 3.0) == 9.0
    assert squared() == squared() != 0


def test_code_on_disk_is_as_old_as_all_sources_together() -> None:
    assert solve._cache._cache_file._source_stamp == stamp_of_all_sources()
    assert quotient._cache._cache_file._source_stamp == stamp_of_all_sources() + stamp_of_others(quotient.py_func)
    assert len(stamp_of_all_sources()) == 64


def function_in(file: Path) -> object:
    names: dict[str, object] = {}
    exec(compile("def f(x):\n    return x\n", str(file), "exec"), names)
    return names["f"]


def test_a_function_from_elsewhere_is_as_old_as_its_package(tmp_path: Path) -> None:
    assert stamp_of_others(solve.py_func) == ""
    assert stamp_of_others(function_in(tmp_path / "nowhere.py")) == ""
    alone, inside = tmp_path / "alone.py", tmp_path / "package" / "device.py"
    inside.parent.mkdir()
    for file in (alone, inside, inside.with_name("__init__.py"), inside.with_name("beside.py")):
        file.write_text(file.name, "utf-8")
    stamps = {stamp_of_others(function_in(file)) for file in (alone, inside)}
    assert len(stamps) == 2 and "" not in stamps
    before = stamp_of_others(function_in(alone))
    (tmp_path / "other.py").write_text("no package: nothing of its own", "utf-8")
    assert stamp_of_others(function_in(alone)) == before
    alone.write_text("changed", "utf-8")
    assert stamp_of_others(function_in(alone)) != before
