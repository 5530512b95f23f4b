"""A reply that is one piece is taken without a copy, and only where that gives the same as taking it in parts."""

from hypothesis import given
from hypothesis import strategies as st

from tsbench.simulated_backends.scpi.exchange import OutputQueue

PIECES = st.lists(st.text("ab\n", min_size=1, max_size=12).map(str.encode), min_size=1, max_size=3)


@given(PIECES, st.integers(0, 4), st.integers(1, 40), st.sampled_from([None, 10]))
def test_the_whole_reply_is_what_parts_would_give(
    pieces: list[bytes], taken: int, count: int, letter: int | None,
) -> None:
    queue, waits = OutputQueue(), b"".join(pieces)
    for piece in pieces:
        queue.add(piece)
    if taken := min(taken, len(waits)):
        waits = waits[len(queue.take(taken)):]
    found = queue.whole(count, letter)
    if found is None:
        assert queue.size == len(waits)
        assert not waits or queue.take(len(waits)) == waits
    else:
        assert found == waits
        assert queue.size == 0
        assert len(found) <= count
        assert letter is None or letter not in found[:-1]
