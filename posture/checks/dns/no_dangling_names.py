"""`dns/no_dangling_names`: no name of the domain points to something that somebody else can claim."""

from collections.abc import Iterator
from dataclasses import replace

from posture.core.facts.dns_dangling import DnsDangling, Pointer
from posture.core.findings import Confidence, Verdict, failed, passed, unknown

_REGISTRY = "registry"


def judge(fact: DnsDangling) -> Iterator[Verdict]:
    """One finding for each dangling record. That it can be claimed is inferred: nobody tried."""
    gone = [pointer for pointer in fact.pointers if pointer.gone]
    unseen = [index for index, pointer in enumerate(fact.pointers) if pointer.gone is None]
    yield from map(_dangling, gone)
    if gone:
        return
    if unseen:
        yield unknown("unseen", path=f"pointers.{unseen[0]}.gone")
    elif fact.unasked:
        yield unknown("unseen", path="unasked")
    elif not fact.names_checked:
        yield unknown("unseen", path="names_checked")
    else:
        yield passed("clean", count=len(fact.names_checked))


def _dangling(pointer: Pointer) -> Verdict:
    mark = f"{pointer.name} {pointer.rdtype} {pointer.target}"
    if pointer.claimable is None:
        return replace(_gone(pointer), discriminator=mark)
    claimable = _unregistered(pointer) if pointer.claimable == _REGISTRY else _claimable(pointer)
    return replace(claimable, discriminator=mark, confidence=Confidence.INFERRED)


def _gone(pointer: Pointer) -> Verdict:
    return failed("gone", name=pointer.name, kind=pointer.rdtype, target=pointer.target)


def _unregistered(pointer: Pointer) -> Verdict:
    return failed("unregistered", name=pointer.name, kind=pointer.rdtype, target=pointer.target)


def _claimable(pointer: Pointer) -> Verdict:
    return failed(
        "claimable",
        name=pointer.name,
        kind=pointer.rdtype,
        target=pointer.target,
        service=pointer.claimable,
    )
