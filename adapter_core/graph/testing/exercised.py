"""Which tests exercise a symbol or a module.

Judged by the text: calls that lead from a test, its fixtures and its `setUp` to the symbol, over a few steps; names; imports.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...types import Span, TestLink
from ..calls.call_sites import WorkspaceCalls
from ..linking.inference import Inference
from ..linking.results.values import Value
from ..snapshot.view import WorkspaceView
from . import likelihood
from .call_paths import CallPaths, ReachingTests
from .tests_map import TestNode
from .workspace_tests import WorkspaceTests

_MAX_UNLIKELY = 3  # links that are returned where no test is likely
_MAX_AFTER_DEADLINE = 40  # files that are still searched by name when the time is up


def _order(link: TestLink) -> tuple[float, int, str, int, str]:
    return -link.likely, link.distance, link.span.path, link.span.start, link.node_id


class Exercised:
    """Symbols and modules, and the tests that exercise them."""

    def __init__(
        self, view: WorkspaceView, inference: Inference, calls: WorkspaceCalls, tests: WorkspaceTests, root_name: str
    ) -> None:
        self._view = view
        self._inference = inference
        self._tests = tests
        self._root = root_name
        self._call_paths = CallPaths(view, inference, calls, tests, root_name)
        self._words: dict[str, likelihood.Words] = {}

    def by_tests(self, targets: Iterable[Value], depth: int, least: float) -> tuple[list[TestLink], list[str]]:
        """The tests that reach functions or classes within `depth` calls, most likely first, and those named after them; and the reasons
        why there may be more. Those less likely than `least` are left out, except for a few where none is likelier."""
        found: dict[str, TestLink] = {}
        reasons: list[str] = []
        for target in targets:
            links, why = self._tests_of(target, depth)
            reasons += why
            for link in links:
                found[link.node_id] = max(link, found.get(link.node_id, link), key=lambda link: link.likely)
        every = sorted(found.values(), key=_order)
        likely = [link for link in every if link.likely >= least]
        left = len(every) - len(likely)
        if left and not likely:
            return every[:_MAX_UNLIKELY], [*reasons, "no test is likely to lead there; these are the likeliest"]
        if left:
            reasons.append(f"{left} test{'s' * (left > 1)} that may lead there, but less likely, are left out")
        return likely, reasons

    def _tests_of(self, target: Value, depth: int) -> tuple[list[TestLink], list[str]]:
        found: dict[str, TestLink] = {}
        table = self._inference.table(target.path)
        if table is None:
            return [], []
        wanted = likelihood.words(target.path, table.facts.symbols[target.index].qualname)
        reaching = self._call_paths.tests_reaching(target, depth) if depth else ReachingTests([], [])
        for node, way in reaching.tests:
            words = self._words_of(node)
            likely = likelihood.test_likelihood(way.likely, way.distance, way.set_up, way.guessed, wanted, words)
            why = (way.words[0], *(f"which {more}" for more in way.words[1:]))
            self._add(found, node, why, way.distance, way.lines, round(likely, 3), way.guessed, way.uncertain)
        self._by_name(target, wanted, found)
        return list(found.values()), reaching.reasons

    def module_by_tests(self, module: str, importers: list[str]) -> list[TestLink]:
        """The tests of the files that import a module, or are named after it."""
        found: dict[str, TestLink] = {}
        last = module.rpartition(".")[2]
        for path in self._tests.paths():
            stem = path.rpartition("/")[2].removesuffix(".py")
            named = stem in (f"test_{last}", f"{last}_test", f"test{last}")
            if path in importers or named:
                why = f"imports {module}" if path in importers else f"{path.rpartition('/')[2]} is named after it"
                for node in self._tests.file(path).nodes:
                    self._add(found, node, (why,), 1 if path in importers else 2, ())
        return sorted(found.values(), key=lambda t: (t.distance, t.span.path, t.span.start, t.node_id))

    def _by_name(self, target: Value, about: likelihood.Words, found: dict[str, TestLink]) -> None:
        table = self._inference.table(target.path)
        if table is None:
            return
        name = table.facts.symbols[target.index].name.strip("_").lower()
        if len(name) < 4:
            return
        for wanted in (f"test_{name}", f"Test{table.facts.symbols[target.index].name}"):
            for number, path in enumerate(self._view.paths_using(wanted)):
                if self._inference.expired and number >= _MAX_AFTER_DEADLINE:
                    break
                if self._tests.is_test(path):
                    for node in self._tests.file(path).nodes:
                        if wanted in node.qualname.split("."):
                            likely = likelihood.name_likelihood(about, self._words_of(node))
                            self._add(found, node, (f"named {wanted}",), 9, (), likely)

    def _add(
        self, found: dict[str, TestLink], node: TestNode, why: tuple[str, ...], distance: int, via: tuple[Span, ...],
        likely: float = 0.5, guessed: bool = False, uncertain: bool = False,
    ) -> None:  # fmt: skip
        base = node.node_id.partition("[")[0]
        if base not in found or likely > found[base].likely:
            span = Span(self._root, node.path, node.start, node.end)
            found[base] = TestLink(base, span, why, distance, via, likely, guessed, uncertain)

    def _words_of(self, node: TestNode) -> likelihood.Words:
        base = node.node_id.partition("[")[0]
        if base not in self._words:
            text = "\n".join(self._inference.lines(node.path)[node.start - 1 : node.end])
            path, _, names = base.partition("::")
            self._words[base] = likelihood.words(path, names.replace("::", "."), text)
        return self._words[base]
