"""The output queue gives out what was put in, in parts of any size."""

import random

from tsbench.simulated_backends.scpi.exchange import OutputQueue


def test_parts_of_any_size_are_the_replies_one_after_the_other() -> None:
    rng = random.Random(1)
    for _ in range(50):
        queue, expected, got = OutputQueue(), b"", b""
        for _ in range(rng.randint(1, 6)):
            piece = bytes(rng.randrange(256) for _ in range(rng.randint(0, 40)))
            queue.add(piece)
            expected += piece
        assert queue.size == len(expected)
        while queue.size:
            letter, limit = rng.randrange(256), rng.randint(1, queue.size)
            rest = expected[len(got):]
            assert queue.find(letter, limit) == rest.find(letter, 0, limit)
            got += queue.take(rng.randint(1, queue.size))
        assert got == expected


def test_a_long_reply_is_handed_out_without_being_copied_whole() -> None:
    queue, block = OutputQueue(), bytes(1000)
    queue.add(block)
    queue.add(b"\n")
    assert queue.take(1000) is not None and queue.size == 1 and queue.take(1) == b"\n"
    queue.add(block)
    queue.clear()
    assert queue.size == 0
