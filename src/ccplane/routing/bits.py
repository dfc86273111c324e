"""Sets of agents as integers: bit n stands for the agent in slot n. All that holds of many is one `&` away."""

from __future__ import annotations

from collections.abc import Iterator


def slots(mask: int) -> Iterator[int]:
    """The slots in the set, the lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def has(mask: int, slot: int) -> bool:
    return bool(mask >> slot & 1)


def lowest_unused(mask: int) -> int:
    """The first slot that is not in the set."""
    return (~mask & (mask + 1)).bit_length() - 1


def nth(mask: int, n: int) -> int:
    """The slot that has `n` others of the set below it; `n` is less than their number."""
    low, high = 0, mask.bit_length()
    while high - low > 1:
        middle = (low + high) // 2
        if (mask & ((1 << middle) - 1)).bit_count() > n:
            high = middle
        else:
            low = middle
    return low
