"""Sets of IPv4 addresses as sorted, disjoint ranges."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network

_LAST = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Ranges:
    """Inclusive pairs of integers in ascending order that neither touch nor overlap."""

    pairs: tuple[tuple[int, int], ...] = ()

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.pairs)

    def __or__(self, other: "Ranges") -> "Ranges":
        return _merged((*self.pairs, *other.pairs))

    def __and__(self, other: "Ranges") -> "Ranges":
        return _merged(
            (max(a, c), min(b, d)) for a, b in self.pairs for c, d in other.pairs if max(a, c) <= min(b, d)
        )

    def __sub__(self, other: "Ranges") -> "Ranges":
        return self & other.complement()

    def complement(self) -> "Ranges":
        """Every other IPv4 address."""
        gaps: list[tuple[int, int]] = []
        free = 0
        for first, last in self.pairs:
            if first > free:
                gaps.append((free, first - 1))
            free = last + 1
        if free <= _LAST:
            gaps.append((free, _LAST))
        return Ranges(tuple(gaps))


EVERYONE = Ranges(((0, _LAST),))
NOBODY = Ranges()


def of_networks(networks: Iterable[IPv4Network]) -> Ranges:
    """The addresses of all the networks."""
    return _merged((int(net.network_address), int(net.broadcast_address)) for net in networks)


def _merged(pairs: Iterable[tuple[int, int]]) -> Ranges:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(pairs):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return Ranges(tuple(merged))
