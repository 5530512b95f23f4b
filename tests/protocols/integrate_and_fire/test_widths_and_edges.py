"""Widths that are shorter than the edges of the pulse are refused by the name of the parameter."""

import pytest

from tsbench.errors import ConfigurationError
from tsbench.protocols import protocol_named


def test_a_width_shorter_than_the_edges_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"widths = 500 ns is shorter than the edges .*\(1\.25 us\)"):
        protocol_named("integrate_and_fire").parse({"widths": "0.5u"})
