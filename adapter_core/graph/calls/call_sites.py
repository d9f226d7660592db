"""Calls as they are shown: each with its place, the scope around it, and the symbols that it resolves to."""

from __future__ import annotations

import contextlib
import functools
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ...types import Call, CallSite, ModuleFacts, Span, SymbolRef
from ..finding import lookup
from ..linking.aliases import may_alias
from ..linking.calls import sites
from ..linking.calls.sites import Targets
from ..linking.implicit import implicit_callers
from ..linking.implicit.targets import ImplicitCall, implicit_calls
from ..linking.inference import Inference
from ..linking.local.implicit_sites import Operation, operations_of
from ..linking.results.values import Value
from ..memory.garbage import without_gc
from ..snapshot.view import WorkspaceView
from .gaps import Gaps
from .links import Links
from .linkstore import StoredImplicitCall

log = logging.getLogger(__name__)

CALLERS_SECONDS = 5.0  # that one question for callers may take


class Callers(NamedTuple):
    """The calls of something, and the reason why they may be incomplete ("": they are complete, as far as is known)."""

    sites: list[CallSite]
    reason: str = ""


class WorkspaceCalls:
    """Makes `CallSite`s from the results of linking."""

    def __init__(self, view: WorkspaceView, inference: Inference, root_name: str) -> None:
        self._view = view
        self._inference = inference
        self._root = root_name

    def site(self, facts: ModuleFacts, call: Call) -> CallSite:
        """A call expression with its targets."""
        reached = sites.targets(self._inference, facts.path, call)
        return self._site(facts, call, reached, sites.is_direct(self._inference, facts.path, call))

    def _site(self, facts: ModuleFacts, call: Call, reached: Targets, direct: bool) -> CallSite:
        span = Span(self._root, facts.path, call.line, call.line)
        return CallSite(
            span, self._ref(facts, call.owner), call.callee, bool(reached.named), tuple(self.refs(reached.named)),
            tuple(self.refs(reached.entered)), reached.external, call.deferred, direct, reached.open,
        )  # fmt: skip

    def unresolved_site(self, facts: ModuleFacts, call: Call) -> CallSite:
        """A call of which only the name is known."""
        span = Span(self._root, facts.path, call.line, call.line)
        return CallSite(span, self._ref(facts, call.owner), call.callee, False, deferred=call.deferred)

    def implicit_site(self, facts: ModuleFacts, found: ImplicitCall) -> CallSite:
        """An implicit call."""
        return self._implicit_call_site(facts, found.operation, found.callee, found.targets)

    def _implicit_call_site(
        self, facts: ModuleFacts, where: Operation | StoredImplicitCall, callee: str, reached: Targets
    ) -> CallSite:
        return CallSite(
            Span(self._root, facts.path, where.line, where.last), self._ref(facts, where.owner), callee,
            bool(reached.named), tuple(self.refs(reached.named)), tuple(self.refs(reached.entered)), reached.external,
            where.deferred, False, reached.open, where.kind,
        )  # fmt: skip

    def in_symbol(self, facts: ModuleFacts, index: int, with_implicit: bool) -> list[CallSite]:
        """The calls in a symbol's lines, in the order of the text."""
        inside = lookup.symbols_inside(facts, index)
        found = [(call.start, self.site(facts, call)) for call in facts.calls if call.owner in inside]
        if not with_implicit:
            return [site for _, site in found]
        return [site for _, site in sorted([*found, *self.implicit(facts, inside)], key=lambda item: item[0])]

    def implicit(self, facts: ModuleFacts, inside: set[int] | None = None) -> Iterator[tuple[int, CallSite]]:
        """(offset, call) of the implicit calls in a file or in some of its symbols."""
        for operation in operations_of(self._inference, facts.path):
            if inside is None or operation.owner in inside:
                for call in implicit_calls(self._inference, facts.path, operation):
                    offset = operation.start if operation.kind != "class" else self._start_of(facts, operation.line)
                    yield offset, self.implicit_site(facts, call)

    def callers(self, value: Value, with_implicit: bool) -> Callers:
        """The calls of a function or class."""
        found, unlinked = self._linked_calls(value)
        if unlinked is None:
            calls = sites.calls_entering(self._inference, value)
        else:
            calls = sites.calls_entering_in(self._inference, value, unlinked) if unlinked else []
        for path, call, traced in calls:
            facts = self._view.facts(path)
            if facts is not None and call.callee != "super":
                found.append(self.site(facts, call) if traced else self.unresolved_site(facts, call))
        if not with_implicit:
            return Callers(found)
        running = self._implicit_callers(value)
        return Callers([*found, *running.sites], running.reason)

    def _implicit_callers(self, value: Value) -> Callers:
        """The implicit calls of a function or class."""
        found, unlinked = self._linked_implicit_calls(value)
        if unlinked is None:
            implicit_calls, reason = implicit_callers.implicit_callers_of(self._inference, value)
        else:
            implicit_calls, reason = (
                implicit_callers.implicit_callers_in(self._inference, value, unlinked) if unlinked else ([], "")
            )
        for path, implicit_call in implicit_calls:
            facts = self._view.facts(path)
            if facts is not None:
                found.append(self.implicit_site(facts, implicit_call))
        return Callers(found, reason)

    @functools.cached_property
    def _links(self) -> Links | None:
        return Links.of(self._view)

    def close(self) -> None:
        """Close the links; they are reopened when needed."""
        links: Links | None = self.__dict__.pop("_links", None)
        if links is not None:
            links.close()

    def _linked_calls(self, value: Value) -> tuple[list[CallSite], frozenset[str] | None]:
        """The calls that are linked, and the files in which there may be more; None: all."""
        facts = self._view.facts(value.path)
        if self._links is None or facts is None:
            return [], None
        symbol = facts.symbols[value.index]
        is_method = symbol.kind in ("method", "property")
        homes = functools.partial(sites.files_matching_by_name, self._inference, value) if is_method else None
        try:
            linked, unlinked = self._links.calls_of(value, symbol.name, homes)
            cut = self._links.is_truncated(may_alias.call_name(self._inference, value))
        except (sqlite3.Error, ValueError, TypeError) as error:
            log.warning("the links are not read: %s", error)
            return [], None
        self._inference.incomplete = self._inference.incomplete or cut
        found = []
        for path, number, links, traced in linked:
            other = self._view.facts(path)
            call = other.calls[number] if other is not None else None
            if other is None or call is None or call.callee == "super" or (traced and links is None):
                continue
            found.append(
                self._site(other, call, links.targets, links.direct) if links else self.unresolved_site(other, call)
            )
        return found, unlinked

    def _linked_implicit_calls(self, value: Value) -> tuple[list[CallSite], frozenset[str] | None]:
        """The same for implicit calls."""
        criteria = implicit_callers.operation_filter(self._inference, value)
        if self._links is None or not implicit_callers.is_linked(criteria):
            return [], None
        try:
            linked, unlinked = self._links.implicit_calls_of(value)
            cut = self._links.is_implicit_truncated(criteria.protocols, criteria.names)
        except (sqlite3.Error, ValueError, TypeError) as error:
            log.warning("the links are not read: %s", error)
            return [], None
        self._inference.incomplete = self._inference.incomplete or cut
        found = []
        for path, call in linked:
            facts = self._view.facts(path)
            if facts is not None:
                found.append(self._implicit_call_site(facts, call, call.callee, call.linked.targets))
        return found, unlinked

    @contextlib.contextmanager
    def query(self, seconds: float | None) -> Iterator[Gaps]:
        """A context for one query, on one state of the index, with a time limit."""
        with self._view.store.snapshot(), without_gc(), self._inference.limit(seconds) as is_own_limit:
            gaps = (
                Gaps(self._inference, f"the time limit of {seconds:g} s was met")
                if is_own_limit
                else Gaps(self._inference)
            )
            try:
                yield gaps
            finally:
                gaps.close()

    def _start_of(self, facts: ModuleFacts, line: int) -> int:
        return sum(len(text) + 1 for text in self._inference.lines(facts.path)[: line - 1])

    # -- symbols -----------------------------------------------------------------------------------------------------

    def _ref(self, facts: ModuleFacts, index: int) -> SymbolRef:
        return SymbolRef(self._root, facts.path, facts.module, facts.symbols[index])

    def refs(self, values: Iterable[Value]) -> list[SymbolRef]:
        """The symbols that values stand for, each once, in order of their places; instances stand for their class."""
        found: dict[tuple[str, int, str], SymbolRef] = {}
        for value in sorted(values, key=lambda v: (v.path, v.index, v.kind)):
            if value.kind == "module":
                found.update({(f.path, 0, ""): self._ref(f, 0) for f in self._view.facts_of_module(value.path)})
            elif value.kind in ("class", "function"):
                facts = self._view.facts(value.path)
                if facts is not None:
                    found[(value.path, value.index, "")] = self._ref(facts, value.index)
            elif value.kind == "lambda":
                facts = self._view.facts(value.path)
                assert facts is not None
                symbol = lookup.lambda_symbol(facts, self._view.text(value.path), value)
                found[(value.path, value.index, str(value.extra))] = SymbolRef(
                    self._root, facts.path, facts.module, symbol
                )
        return list(found.values())
