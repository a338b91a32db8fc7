"""One module per kind of observation: the dataclass that scanners fill and judges read.

A fact class carries its kind as `KIND`; `fact_classes` finds them by location, no list is kept.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Protocol


class Fact(Protocol):
    """What every fact class has."""

    KIND: ClassVar[str]


@cache
def fact_classes() -> Mapping[str, type[Any]]:
    """Every fact class by its kind."""
    found: dict[str, type[Any]] = {}
    for module in pkgutil.iter_modules(__path__):
        namespace = vars(importlib.import_module(f"{__name__}.{module.name}"))
        for value in namespace.values():
            if (
                isinstance(value, type)
                and value.__module__.endswith(f".{module.name}")
                and "KIND" in vars(value)
            ):
                found[str(vars(value)["KIND"])] = value
    return found
