"""One call of an external function, and the registry of the functions that are known here."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..results.values import EMPTY, Value, Values

if TYPE_CHECKING:
    from ..inference import Context, Inference


@dataclass(slots=True)
class LibraryCall:
    """A call of an external function: of `value`, whose `path` is its name."""

    inference: Inference
    value: Value
    node: ast.Call
    context: Context

    @property
    def name(self) -> str:
        return self.value.path

    @property
    def positional_count(self) -> int:
        """The number of positional arguments."""
        return len(self.node.args)

    def argument(self, number: int) -> Values:
        """The values of a positional argument; empty where there is none."""
        return self.values(self.node.args[number]) if number < len(self.node.args) else EMPTY

    def named(self, *names: str) -> list[ast.expr]:
        """The keyword arguments with these names."""
        return [k.value for k in self.node.keywords if k.arg in names]

    def values(self, node: ast.expr) -> Values:
        return self.inference.infer(node, self.context)

    def elements(self, number: int) -> Values:
        """The elements of an argument."""
        return self.inference.elements(self.argument(number))

    def display(self, node: ast.expr) -> Values:
        """A container created by an expression, as if it were a display: later additions are found by its names."""
        start, end = self.context.source.span(node)
        extent = (self.context.base + start, self.context.base + end)
        return frozenset({Value("display", self.context.path, self.context.scope, extent)})


# None: nothing is known of the result.
Handler = Callable[[LibraryCall], "Values | None"]


@dataclass(frozen=True, slots=True)
class Handlers:
    """The library functions that one module handles, by their full names or by endings."""

    by_name: dict[str, Handler] = field(default_factory=dict)
    by_ending: dict[str, Handler] = field(default_factory=dict)

    def of(self, names: str) -> Callable[[Handler], Handler]:
        """A decorator that registers a handler for `names`; "*.name" stands for all names with that ending."""

        def note(work: Handler) -> Handler:
            for name in names.split():
                if name.startswith("*"):
                    self.by_ending[name[1:]] = work
                else:
                    self.by_name[name] = work
            return work

        return note


def list_of(elements: Values) -> Values:
    return frozenset({Value("typed", "list", 0, elements)})
