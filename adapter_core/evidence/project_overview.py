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
from .ranking import is_aside
from .search_index import SearchIndex

_MAX_PACKAGES, _MAX_DOCUMENTS, _MAX_PARTS = 3, 2, 6
_FEW_PARTS = 3
# Documents on how the project is built, by the stems of their names.
_ARCHITECTURE = re.compile(
    r"(?:.*[-_])?(?:architecture|internals?|design|overview|onboarding|concepts|how[-_]it[-_]works|structure|layout|hacking|tour)",
    re.I,
)
_DOCUMENT = re.compile(r"(?:docs?/(?:[\w.-]+/){0,3})?[\w.-]+\.(?:md|rst|txt)", re.I)
# Modules that everything imports and that say little about what a project does.
_SUPPORT_PARTS = frozenset(
    "util utils utilities helper helpers compat common typing types constants const version deprecation warnings vendor vendored locale "
    "i18n translation".split()
)
_LESSER_PARTS = frozenset("exceptions errors logger log logging settings conf config".split())
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
    readmes = front_pages(index)
    packages = top_packages(index)
    texts = [] if asks_main_parts(text) else readmes[:1]
    paths = [*texts, *packages[:_MAX_PACKAGES]]
    if asks_layout(text):
        documents = [] if asks_main_parts(text) else architecture_documents(index)
        with graph.within(_SECONDS):
            paths = [*dict.fromkeys([*paths, *documents, *main_parts(graph, index, _MAX_PARTS)])]
        texts = [*texts, *documents]
    for position, path in enumerate(paths):
        facts = graph.facts(path)
        for index_in_file in introductions(graph, facts) if facts is not None and path in texts else (0,):
            if facts is not None:
                boost = 1.0 / (1 + 0.3 * position)
                lift(graph, graph.ref(facts, index_in_file), boost, "about the project", candidates)
    return bool(candidates)


def front_pages(index: SearchIndex) -> list[str]:
    """The READMEs of a project, or the first page of its documentation."""
    readmes = [p for p in index.paths if "/" not in p and p.lower().startswith("readme")]
    return readmes or [p for p in index.paths if _FRONT_PAGE.fullmatch(p.lower())]


def introductions(graph: CodeGraph, facts: ModuleFacts) -> list[int]:
    """The parts of a text that introduce it: its first section if it begins with a title, else what stands before all sections; and the
    first section called introduction, or the like."""
    sections = facts.symbols[1 : 1 + _MAX_SECTIONS]
    has_title = bool(sections) and _begins_with_title(graph, facts.path, sections[0].start)
    introduction = next((i for i, s in enumerate(sections, 1) if _INTRODUCTION.match(s.name)), 0)
    return [int(has_title), *([introduction] if introduction > 1 else [])]


def top_packages(index: SearchIndex) -> list[str]:
    """The `__init__.py` files of the top-level packages, the largest package first; without those that are small beside it."""
    packages = [p for p in index.paths if p.endswith("/__init__.py") and p.removeprefix("src/").count("/") == 1]
    sizes = {
        p: sum(map(str.startswith, index.paths, repeat(p.removesuffix("__init__.py"))))
        for p in packages
        if not is_test_path(p)
    }
    largest = max(sizes.values(), default=0)
    return sorted((p for p, n in sizes.items() if n > _SMALL_SHARE * largest), key=lambda p: (-sizes[p], p))


def architecture_documents(index: SearchIndex) -> list[str]:
    named = [p for p in index.paths if _DOCUMENT.fullmatch(p) and _ARCHITECTURE.fullmatch(PurePosixPath(p).stem)]
    return sorted(named, key=lambda p: (p.count("/"), p))[:_MAX_DOCUMENTS]


def main_parts(graph: CodeGraph, index: SearchIndex, at_most: int) -> list[str]:
    """The files that stand for the main modules and subpackages of the top-level packages, or for the modules of a project without any:
    those that most other parts import, and that import most others, first. Without tests, copies of others' code and what only supports
    the rest, unless there is little else."""
    packages = top_packages(index)[:_MAX_PACKAGES]
    if not packages:
        return _top_modules(graph, index)[:at_most]
    roots = [graph.module_for_file(path) for path in packages]
    importers: Counter[tuple[str, str]] = Counter()  # (part, imported module)
    links: set[tuple[str, str]] = set()
    for importer, module, inside in graph.module_deps():
        part, own_part = _part_of(module, roots), _part_of(importer, roots)
        if inside and part and own_part and part != own_part:
            importers[part, module] += 1
            links.add((own_part, part))
    weights: Counter[str] = Counter()
    for source, target in links:
        weights[target] += 3
        weights[source] += 2
    for part in weights:
        weights[part] //= 1 + (part.rpartition(".")[2] in _LESSER_PARTS)
    best = sorted(weights, key=lambda p: (_is_support(graph, p), -weights[p], p))
    files = [(part, _representative(graph, part, importers) or graph.file_for_module(part)) for part in best]
    told = [(part, path) for part, path in files if path is not None and not (is_aside(path) or is_test_path(path))]
    own = [path for part, path in told if not _is_support(graph, part)]
    return (own if len(own) >= _FEW_PARTS else [path for _, path in told])[:at_most]


def _top_modules(graph: CodeGraph, index: SearchIndex) -> list[str]:
    """The modules at the top of a project without packages, those with most definitions first."""
    paths = [p for p in index.paths if p.endswith(".py") and p.removeprefix("src/").count("/") == 0]
    kept = [p for p in paths if not (is_aside(p) or is_test_path(p))]
    sizes = {p: len(facts.symbols) for p in kept if (facts := graph.facts(p)) is not None}
    return sorted(sizes, key=lambda p: (-sizes[p], p))


def _part_of(module: str, roots: list[str]) -> str:
    """The module or subpackage directly below a top-level package that `module` is or belongs to; "" for others."""
    for root in roots:
        if module.startswith(root + "."):
            return f"{root}.{module.removeprefix(root + '.').partition('.')[0]}"
    return ""


def _is_support(graph: CodeGraph, module: str) -> bool:
    name = module.rpartition(".")[2]
    path = graph.file_for_module(module)
    is_private = name.startswith("_") and not (path is None or path.endswith("/__init__.py"))
    return is_private or name.strip("_") in _SUPPORT_PARTS


def _representative(graph: CodeGraph, part: str, importers: Counter[tuple[str, str]]) -> str | None:
    """The file of a part that says most about it: its own if it has a docstring or public definitions, else that of its most imported
    module that has."""
    modules = [module for (of, module), _ in importers.most_common() if of == part and module != part]
    for module in (part, *sorted(modules, key=lambda m: _is_support(graph, m))):
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
