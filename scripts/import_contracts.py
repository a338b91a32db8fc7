"""Two import-linter contracts that deny by default; setup.cfg says what they guard.

import-linter's own `forbidden` wants every package listed that may not import, so a new one would be free of
the rule; its `protected` fails as long as one named module is imported by nobody. Both contracts here look at
direct imports: through `posture.app` everything reaches a socket indirectly, and that is right.
"""

import sys
from collections.abc import Iterable, Iterator

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

ROOTS = frozenset({"posture", "scanners", "models", "reports"})
Link = tuple[str, str]  # importer, imported


class _LinkContract(Contract):
    """A contract that judges one direct import at a time; import-linter puts values where fields stand."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - its signature
        found = [link for link in _links(graph) if not self.allows(*link)]
        return ContractCheck(kept=not found, metadata={"links": found})

    def allows(self, importer: str, imported: str) -> bool:
        raise NotImplementedError

    def render_broken_contract(self, check: ContractCheck) -> None:
        for importer, imported in check.metadata["links"]:
            output.print_error(f"{importer} is not allowed to import {imported}", bold=False)


class Reserved(_LinkContract):
    """`modules` are imported by `importers` (and by what lies below them) and by nobody else."""

    modules: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]
    importers: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]

    def allows(self, importer: str, imported: str) -> bool:
        return not _below(imported, self.modules) or _below(importer, [*self.importers, *self.modules])


class Closed(_LinkContract):
    """`package` imports itself, the standard library less `but_not`, and `others`; nothing else."""

    package: str = fields.StringField()  # type: ignore[assignment]
    others: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]
    but_not: list[str] = fields.ListField(subfield=fields.StringField())  # type: ignore[assignment]

    def allows(self, importer: str, imported: str) -> bool:
        library = sys.stdlib_module_names - set(self.but_not)
        return not _below(importer, [self.package]) or _below(
            imported, {self.package, *self.others, *library}
        )


def _links(graph: ImportGraph) -> Iterator[Link]:
    """Every direct import that one of our modules makes."""
    for importer in sorted(graph.modules):
        if _below(importer, ROOTS):
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                yield importer, imported


def _below(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
