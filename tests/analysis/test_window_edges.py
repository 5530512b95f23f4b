"""The edges of an oscillation window by bisection, without instruments."""

from collections.abc import Callable

import pytest

from tsbench.analysis.adaptive.window import Edge, WindowLook, next_bias, window_edges


def search(oscillates: Callable[[float], bool], highest: float = 4.0, width: float = 0.02) -> list[WindowLook]:
    looks: list[WindowLook] = []
    while (bias := next_bias(looks, 0.5, highest, 8, width)) is not None:
        looks.append(WindowLook(bias, oscillates(bias)))
        assert len(looks) < 100
    return looks


@pytest.mark.parametrize(("onset", "end"), [(1.49, 3.21), (0.7, 3.9), (1.6, 1.8)])
def test_both_edges_are_bracketed_with_few_records(onset: float, end: float) -> None:
    looks = search(lambda bias: onset < bias < end)
    edges = window_edges(looks)
    assert edges is not None and len(looks) <= 35
    for edge, true in zip(edges, (onset, end), strict=True):
        assert edge.sharp and edge.low <= true <= edge.high and edge.width() <= 0.02
        assert sum(look.bias == edge.low for look in looks) >= 2


def test_the_first_pass_ends_above_the_window() -> None:
    looks = search(lambda bias: 0.9 < bias < 1.6)
    assert max(look.bias for look in looks) == 2.0


def test_a_narrow_window_is_found_between_the_steps() -> None:
    assert window_edges(search(lambda bias: 2.1 < bias < 2.3)) is not None
    nothing = search(lambda bias: False)
    assert window_edges(nothing) is None and len(nothing) == 29   # 8, then the gaps halved twice: 7 and 14 more


def test_a_window_that_goes_on_is_open() -> None:
    onset, end = window_edges(search(lambda bias: bias > 1.234)) or (None, None)
    assert onset is not None and onset.width() <= 0.02 and end == Edge(4.0, None)
    onset, end = window_edges(search(lambda bias: bias < 1.234)) or (None, None)
    assert onset == Edge(None, 0.5) and end is not None and end.low <= 1.234 <= end.high


def test_records_that_disagree_widen_the_bracket() -> None:
    states = ((1.0, False), (1.5, True), (2.0, False), (2.5, True), (3.0, False))
    looks = [WindowLook(bias, state) for bias, state in states]
    assert window_edges(looks) == (Edge(1.0, 2.5, sharp=False), Edge(2.5, 3.0))   # quiet inside the window
    assert window_edges([*looks, WindowLook(2.0, True)]) == (Edge(1.0, 1.5), Edge(2.5, 3.0))   # that said nothing
    again = [*looks, WindowLook(2.0, True), WindowLook(1.5, False)]
    assert window_edges(again) == (Edge(1.0, 2.5, sharp=False), Edge(2.5, 3.0))   # nor does the bias at 1.5 V
    known = [WindowLook(bias, state) for bias, state in ((1.0, False), (2.5, True), (3.0, False))]
    assert next_bias([*again, *known], 1.0, 3.0, 5, 1.5) is None
    assert next_bias([*again, *known], 1.0, 3.0, 5, 0.5) == 1.75


@pytest.mark.parametrize("doubtful", [1.0, 1.5, 2.5, 3.0])
def test_an_edge_is_not_sharp_where_looks_at_an_end_of_its_bracket_disagree(doubtful: float) -> None:
    """Two of three looks at one bias agree, so the bracket stays what it is."""
    states = {1.0: False, 1.5: True, 2.5: True, 3.0: False}
    looks = [WindowLook(bias, state) for bias, state in states.items() for _ in range(2)]
    assert window_edges(looks) == (Edge(1.0, 1.5), Edge(2.5, 3.0))
    looks.append(WindowLook(doubtful, not states[doubtful]))
    assert window_edges(looks) == (Edge(1.0, 1.5, sharp=doubtful > 2.0), Edge(2.5, 3.0, sharp=doubtful < 2.0))


def test_a_record_that_contradicts_itself_at_the_onset_is_seen() -> None:
    calls: dict[float, int] = {}

    def flickering(bias: float) -> bool:
        calls[bias] = calls.get(bias, 0) + 1
        return 1.49 < bias < 3.21 and not (1.49 < bias < 1.52 and calls[bias] == 2)

    onset, end = window_edges(search(flickering)) or (None, None)
    assert onset is not None and not onset.sharp and onset.low <= 1.49 <= onset.high and end is not None and end.sharp
