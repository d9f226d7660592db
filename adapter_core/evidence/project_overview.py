"""The places that introduce a project: the head of its README, its top-level packages, its documents on architecture, its main parts."""

from __future__ import annotations

import re
from collections import Counter
from itertools import repeat
from pathlib import PurePosixPath

from ..code_graph import CodeGraph, is_test_path
from ..types import ModuleFacts
from .candidates import Candidates, lift
from .project_questions import asks_layout, asks_main_parts
from .search_index import SearchIndex

_MAX_PACKAGES, _MAX_DOCUMENTS, _MAX_PARTS = 3, 2, 6
# Documents on how the project is built, by the stems of their names.
_ARCHITECTURE = re.compile(
    r"(?:.*[-_])?(?:architecture|internals?|design|overview|onboarding|concepts|how[-_]it[-_]works|structure|layout|hacking|tour)",
    re.I,
)
_DOCUMENT = re.compile(r"(?:docs?/(?:[\w.-]+/){0,3})?[\w.-]+\.(?:md|rst|txt)", re.I)
# Modules that everything imports and that say little about what a project does.
_SUPPORT_PARTS = frozenset(
    "util utils utilities helper helpers compat common exceptions errors typing types constants const logger log logging version "
    "deprecation warnings settings conf config vendor locale i18n translation".split()
)
_SMALL_SHARE = 0.3  # of the files of the largest top-level package
_INTRODUCTION = re.compile(r"(?:overview|about|intro(?:duction)?|description|what is|what's|summary|features)\b", re.I)
_MAX_SECTIONS = 8  # of a text, among which one called introduction is looked for
_FRONT_PAGE = re.compile(r"docs?/(?:source/)?(?:index|readme)\.(?:rst|md)")
_MAX_TITLE_LINE = 5  # lines
# A line of badges, pictures and other mark-up, as stand above the title of a README.
_MARKUP_LINE = re.compile(r"\s*(?:$|\.\. |:[\w-]+:|\[!\[|!\[|\[[^\]]*\]:|</?[a-z!]|\|)", re.I)
_SECONDS = 1.0


def lift_overview(graph: CodeGraph, index: SearchIndex, text: str, candidates: Candidates) -> bool:
    """Lift a project's description of itself: the head of its README, its top-level packages, and for a question about its parts its
    documents on architecture and its main modules; these alone for one about the main classes and the like. Returns whether there are any
    candidates."""
    readmes = [p for p in index.paths if "/" not in p and p.lower().startswith("readme")]
    readmes = readmes or [p for p in index.paths if _FRONT_PAGE.fullmatch(p.lower())]
    packages = _top_packages(index)
    texts = [] if asks_main_parts(text) else readmes[:1]
    paths = [*texts, *packages[:_MAX_PACKAGES]]
    if asks_layout(text):
        documents = [] if asks_main_parts(text) else _architecture_documents(index)
        with graph.within(_SECONDS):
            paths = [*dict.fromkeys([*paths, *documents, *_main_parts(graph, packages)])]
        texts = [*texts, *documents]
    for position, path in enumerate(paths):
        facts = graph.facts(path)
        for index_in_file in _introductions(graph, facts) if facts is not None and path in texts else (0,):
            if facts is not None:
                boost = 1.0 / (1 + 0.3 * position)
                lift(graph, graph.ref(facts, index_in_file), boost, "about the project", candidates)
    return bool(candidates)


def _introductions(graph: CodeGraph, facts: ModuleFacts) -> list[int]:
    """The parts of a text that introduce it: its first section if it begins with a title, else what stands before all sections; and the
    first section called introduction, or the like."""
    sections = facts.symbols[1 : 1 + _MAX_SECTIONS]
    has_title = bool(sections) and _begins_with_title(graph, facts.path, sections[0].start)
    introduction = next((i for i, s in enumerate(sections, 1) if _INTRODUCTION.match(s.name)), 0)
    return [int(has_title), *([introduction] if introduction > 1 else [])]


def _top_packages(index: SearchIndex) -> list[str]:
    """The `__init__.py` files of the top-level packages, the largest package first; without those that are small beside it."""
    packages = [p for p in index.paths if p.endswith("/__init__.py") and p.removeprefix("src/").count("/") == 1]
    sizes = {
        p: sum(map(str.startswith, index.paths, repeat(p.removesuffix("__init__.py"))))
        for p in packages
        if not is_test_path(p)
    }
    largest = max(sizes.values(), default=0)
    return sorted((p for p, n in sizes.items() if n > _SMALL_SHARE * largest), key=lambda p: (-sizes[p], p))


def _architecture_documents(index: SearchIndex) -> list[str]:
    named = [p for p in index.paths if _DOCUMENT.fullmatch(p) and _ARCHITECTURE.fullmatch(PurePosixPath(p).stem)]
    return sorted(named, key=lambda p: (p.count("/"), p))[:_MAX_DOCUMENTS]


def _main_parts(graph: CodeGraph, packages: list[str]) -> list[str]:
    """The files that stand for the main modules and subpackages of the top-level packages: those that most other parts import."""
    roots = [graph.module_for_file(path) for path in packages]
    importers: Counter[tuple[str, str]] = Counter()  # (part, imported module)
    for importer, module, inside in graph.module_deps():
        part, own_part = _part_of(module, roots), _part_of(importer, roots)
        if inside and part and own_part and part != own_part:
            importers[part, module] += 1
    totals: Counter[str] = Counter()
    for (part, _), count in importers.items():
        totals[part] += count
    best = sorted(totals, key=lambda p: (_is_support(p), -totals[p], p))[:_MAX_PARTS]
    return [path for part in best if (path := _representative(graph, part, importers)) is not None]


def _part_of(module: str, roots: list[str]) -> str:
    """The module or subpackage directly below a top-level package that `module` is or belongs to; "" for others."""
    for root in roots:
        if module.startswith(root + "."):
            return f"{root}.{module.removeprefix(root + '.').partition('.')[0]}"
    return ""


def _is_support(module: str) -> bool:
    name = module.rpartition(".")[2]
    return name.startswith("_") or name in _SUPPORT_PARTS


def _representative(graph: CodeGraph, part: str, importers: Counter[tuple[str, str]]) -> str | None:
    """The file of a part that says most about it: its own if it has a docstring or public definitions, else that of its most imported
    module that has."""
    modules = [module for (of, module), _ in importers.most_common() if of == part and module != part]
    for module in (part, *sorted(modules, key=_is_support)):
        path = graph.file_for_module(module)
        facts = graph.facts(path) if path is not None else None
        if facts is not None and (facts.symbols[0].docstring or _defines_classes(facts)):
            return path
    return None


def _defines_classes(facts: ModuleFacts) -> bool:
    public = [s for s in facts.symbols if s.parent == 0 and not s.name.startswith("_")]
    return any(s.kind == "class" for s in public) or sum(s.is_callable for s in public) > 1


def _begins_with_title(graph: CodeGraph, path: str, first_heading: int) -> bool:
    """Whether nothing but mark-up stands before the first heading of a text, or next to nothing."""
    document = graph.document(path)
    above = document.lines[: first_heading - 1] if document is not None else []
    return first_heading <= _MAX_TITLE_LINE or all(map(_MARKUP_LINE.match, above))
