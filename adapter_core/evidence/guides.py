"""Documentation that tells how something is done, or why it is so: sections whose headings have the words of a question that asks that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import PurePosixPath

import numpy as np

from ..code_graph import CodeGraph, is_test_path
from ..graph import terms
from ..graph.parsing.textfacts import SECTION_SEPARATOR
from ..graph.source import is_python
from ..graph.storage.postings import DOCSTRING, NAME, QUALNAME
from ..types import ModuleFacts, Symbol
from .candidates import Candidate
from .documented import best_sections
from .options import RankingOptions
from .question import Question, asks_for_own, extending_terms, writes_own
from .ranking import Ranked, is_changelog
from .search_index import SearchIndex
from .vocabulary import STOP_TERMS

WHY_GUIDE, WHY_TELLS_HOW = "tells about it", "tells how it is done"
_HOW_TO = re.compile(
    r"\bhow (?:(?:can|do|would|could|should|might|must) (?:i|we|you|one|someone|somebody|people|an? \w+|users?|developers?)\b"
    r"|does (?:one|someone|somebody|an? (?:user|developer|programmer|person|newcomer|beginner|contributor))\b|to\b)",
    re.I,
)
_WHY = re.compile(r"\bwhy\b|\breasons? (?:for|why|behind)\b|\brationale\b", re.I)
_ORDER = re.compile(r"\b(?:what|which) order\b|\border (?:of|in which)\b|\b(?:what|which) sequence\b", re.I)
_WHETHER = re.compile(r"\s*(?:is|are|does|do|can|will|should)\b[^.?!]*\?", re.I)
_PREPOSITION = re.compile(
    r"\s(?:to|for|in|into|with|from|on|at|by|via|when|while|that|which|so|before|after|without|inside|as)\s", re.I
)
_HEAD_SHARE, _HEAD_BODY = 0.8, 0.5
_MAX_CHARS = 300
# Words of doing something, which a heading need not repeat: "Custom dialects" tells how to add one.
_DOING = frozenset(
    map(
        terms.stem,
        "add build code create custom define do get give have implement introduce make need new own possible provide run set support "
        "suite tell try use want way write correctly locally manually myself properly quickly simply".split(),
    )
)
_LEAST_IDF = 1.5  # however common a word is in code, as "test" is, a heading with it is about that
_LINTING = frozenset(map(terms.stem, ("lint", "linter", "linters", "linting")))  # beside tests, and not on its own
_DOING_WEIGHT = 0.25
_ACT_WEIGHT = 2.0  # of what one wants to do, the word behind "how do I", unless it is one of these
# The same thing in a heading and in a question.
_SAME_WORDS = {
    "own": "custom", "linter": "lint", "linting": "lint", "unittest": "test", "safety": "safe", "installation": "install",
}  # fmt: skip
_SAME = {terms.stem(a): terms.stem(b) for a, b in _SAME_WORDS.items()}
_MAX_HEADING_WORDS = 6  # of a question that is nothing but a heading
_MAX_DOCUMENTS = 600
_MAX_GUIDES = 3
_MAX_SECTIONS = 20  # among which the guides are
_MIN_COVERAGE, _MIN_COVERAGE_TITLED = 0.45, 0.25  # the share of a question that a section has, also by other words
_MIN_TITLED_ORDER = 0.4  # where a question asks for an order, which many texts have
_MIN_TITLED = 0.01
_MIN_SCORE = 0.25  # of one whose titles have none of it: in a short README all words are rare
_SURE = 0.4  # the same, of one that is an answer by itself
_DISTANT_SECTION = 0.6
_MIN_LINES = 2  # below a heading
_MIN_SHARE, _MIN_SHARE_EXTENDING, _MIN_SHARE_WHY = 0.5, 0.65, 0.3
_MIN_SHARE_CHECKS = 0.05  # of what says that it is on tests, in a text for those who work on the project
_RUNS_CHECKS = 0.5
_OWN_ONE = 0.5  # added for a heading on adding one's own, where the question is how to do that
_USERS_OWN = re.compile(r"\bmy (?:\w+ ){0,2}tests?\b.*\b(?:only|with|on|under|against|in|using)\b", re.I)
_SETUP_FILE = re.compile(
    r"(^|/)(contribut\w*|agents|readme|hacking|develop\w*)\.\w+$|(^|/)(docs?/contrib|contribut\w*|develop\w*|hacking|internals?)/[^/]+\.\w+$",
    re.I,
)
_TUTORIAL = re.compile(r"(^|/)[\w-]*tutorials?/", re.I)
_CHECKS = frozenset(map(terms.stem, "test tests lint linter linting checks mypy coverage".split()))
_ASIDE = re.compile(r"(^|/)(examples?|samples?|demos?|bench(marks?)?|extras|contrib)/")
_FOR_CONTRIBUTORS = re.compile(r"(^|/)docs?/contrib/", re.I)
_TEST_COMMAND = re.compile(
    r"\b(?:pytest|py\.test|tox|nox|unittest|nosetests|make (?:\w*tests?\w*|check)|hatch|(?:setup|manage)\.py test|trial|run_?tests\w*)\b|"
    r"\bscripts/test\b"
)
_ASIDE_SHARE = 0.45  # of the share of an example's text: it tells how the example is run
_HOW_TO_PATH = re.compile(r"(^|/)(how-?tos?|tutorials?|extend\w*|extdev|develop\w*|plugins?)[/.]", re.I)
_MAKING = frozenset(
    terms.stem(w) for w in "custom add create extend implement write build new own define develop".split()
)
_ADDING = frozenset(
    {terms.stem("add")}
)  # which says less where one is to be written: "Add workers" starts more of them
_ANCESTOR_SHARE, _FILE_SHARE, _BODY_SHARE, _PRECISION_SHARE = 0.75, 0.7, 0.4, 0.25
_BOTH = 0.2  # added to a word in the title if it is in the file's name, too
_DISTANT = 0.8  # share of the best score that a further guide must have
_REASON = re.compile(
    r"\b(?:because|since|reasons?|why|so that|in order to|deprecated|instead of|avoids?|therefore|due to|problems?|rationale|"
    r"motivations?|advantages?|faster|otherwise)\b",
    re.I,
)
_CODE_MARK = re.compile(r"^\s*(?:`{3,}|~{3,}|\.\. (?:code|sourcecode|literalinclude)|>>> |\$ )|::\s*$", re.M)
_MARKED_HEADING = re.compile(r"\s*#{1,4}[ \t]+(?P<title>\S.*)")
_HEADING_RULE = re.compile(r"\s*([=\-~^*])\1{3,}\s*")
_MAX_HEADING = 200  # characters of a line


def asks_how_to(text: str) -> bool:
    """Whether a question asks how one does something, and not how the code does it."""
    return bool(_HOW_TO.search(text[:_MAX_CHARS]))


def wanted_act(text: str) -> str:
    """The term of what a question wants to do, the word behind "how do I"; "" for other questions."""
    asked = _HOW_TO.search(text[:_MAX_CHARS])
    return next(iter(terms.terms_of(text[asked.end() : _MAX_CHARS])), "") if asked is not None else ""


def guides_for(
    graph: CodeGraph,
    index: SearchIndex,
    question: Question,
    ranked: Ranked,
    options: RankingOptions,
    is_in_code: bool = False,
) -> list[Candidate]:
    """The sections, texts and module docstrings that tell how (or why), the best first; none for a question that asks neither, unless it
    repeats a heading word by word. `is_in_code`: there is code that one calls or builds on to add what is asked about."""
    in_order = bool(_ORDER.search(question.text[:_MAX_CHARS]))
    if (asks_how_to(question.text) or in_order) and not (question.is_report or asks_for_own(question.text)):
        # Beside code the word says nothing; a title has it.
        asked = replace(question, terms={**question.terms, "order": 1.0}) if in_order else question
        told = _sections_telling_how(graph, index, asked, options, _MIN_TITLED_ORDER if in_order else 0.0)
        if told:
            return told
    whether = bool(_WHETHER.match(question.text))
    how_to, why = asks_how_to(question.text), question.kind == "why" or bool(_WHY.search(question.text[:_MAX_CHARS]))
    text = question.text.strip()
    is_heading = not text.endswith("?") and len(text.split()) <= _MAX_HEADING_WORDS
    if question.is_report or not (how_to or why or is_heading or whether):
        return []
    weights = _heading_weights(question, ranked, index.own_names)
    total = sum(weights.values())
    if not total:
        return []
    if not (how_to or why):
        return _by_title(graph, index, ranked, text, weights.keys() - index.own_names if whether else None)[
            :_MAX_GUIDES
        ]
    information = sum(question.terms[t] * idf for t, idf in ranked.idf.items()) or 1.0
    extends, makes_own = bool(extending_terms(question.text)), asks_for_own(question.text)
    runs_checks = asks_for_checks(text)
    head = _head_terms(question.text) & weights.keys() if how_to and not runs_checks else set[str]()
    found: list[Candidate] = []
    for document in _documents(index, ranked, weights.keys()):
        path = index.paths[index.file_of[document]]
        facts = graph.facts(path)
        number = int(index.symbol_of[document])
        if facts is None or number >= len(facts.symbols):
            continue
        title = _title_terms(facts, number, weights)
        if runs_checks and not (_CHECKS & title and (_SETUP_FILE.search(path) or "run" in title)):
            continue
        if (
            runs_checks
            and "run" not in title
            and not _TEST_COMMAND.search(_text_of(graph, Candidate(path, number, 0.0)))
        ):
            continue
        share, precision = _heading_share(facts, number, weights)
        share /= total
        body = float(ranked.covered[document]) / information
        if head and body >= _HEAD_BODY:
            # "add a timeout to an operation" is told below "Timeouts".
            of_head = {t: w for t, w in weights.items() if t in head}
            share = max(share, _HEAD_SHARE * _heading_share(facts, number, of_head)[0] / sum(of_head.values()))
        if _ASIDE.search(path) and not (runs_checks and _FOR_CONTRIBUTORS.search(path)):
            share *= _ASIDE_SHARE
        least = _MIN_SHARE_EXTENDING if extends and not makes_own else _MIN_SHARE if how_to else _MIN_SHARE_WHY
        if share < (
            _MIN_SHARE_CHECKS if runs_checks and not _ASIDE.search(path.replace("contrib/", "")) else least
        ) or (why and not how_to and not _gives_reason(graph, facts, number)):
            continue
        score = share + _BODY_SHARE * body + _PRECISION_SHARE * precision
        score += _OWN_ONE * _share_of_title(facts.symbols[number], weights) * (extends and bool(title & _MAKING))
        # How the project itself is tested, and not what it offers for tests.
        score += _RUNS_CHECKS * (runs_checks and bool(_SETUP_FILE.search(path)))
        found.append(Candidate(path, number, score, [WHY_GUIDE]))
    if runs_checks and any(_SETUP_FILE.search(c.path) for c in found):
        found = [c for c in found if not _TUTORIAL.search(c.path)]  # which tests something else
    if not found:
        return []
    found.sort(key=lambda c: (-c.score, c.path, c.index))
    close = {
        _text_of(graph, c): c for c in reversed(found) if c.score >= _DISTANT * found[0].score
    }  # a text may have a copy
    best = list(reversed(close.values()))
    # On how to add something of one's own, a text that only has the name of the thing says less than what is extended.
    has_better = makes_own or (extends and is_in_code)
    making = _MAKING - _ADDING if is_in_code and writes_own(question.text) else _MAKING
    return best[:_MAX_GUIDES] if not has_better or _is_on_making(graph, best[0], weights, making) else []


def _sections_telling_how(
    graph: CodeGraph, index: SearchIndex, question: Question, options: RankingOptions, least_titled: float
) -> list[Candidate]:
    """The sections that have most of a question, and this share of it in their titles; none if these have too little of it."""
    if asks_for_checks(question.text):
        return []
    sections = best_sections(graph, index, question, options, _MAX_SECTIONS)
    sections = [s for s in sections if s.titled >= least_titled]
    told = [
        s
        for s in sections
        if (s.titled >= _MIN_TITLED and s.coverage >= _MIN_COVERAGE_TITLED)
        or (s.coverage >= _MIN_COVERAGE and s.score >= _MIN_SCORE)
    ]
    close = [s for s in told if s.score >= _DISTANT_SECTION * told[0].score]
    # What a text and its copy have in common is told once.
    candidates = [
        Candidate(s.path, s.index, s.score, [WHY_GUIDE, *([WHY_TELLS_HOW] if s.sure >= _SURE else [])]) for s in close
    ]
    texts = {_text_of(graph, c): c for c in reversed(candidates)}
    return _with_code_below(graph, list(reversed(texts.values()))[:_MAX_GUIDES])


def _with_code_below(graph: CodeGraph, guides: list[Candidate]) -> list[Candidate]:
    """The guides; behind the first, where it shows no code, the first section below it that does, in place of the last."""
    first = guides[0] if guides else None
    facts = graph.facts(first.path) if first is not None else None
    if first is None or facts is None or _CODE_MARK.search(_text_of(graph, first)):
        return guides
    symbol = facts.symbols[first.index]
    for number in range(first.index + 1, len(facts.symbols)):
        if (
            not facts.symbols[number].qualname.startswith(symbol.qualname + SECTION_SEPARATOR)
            or symbol.kind != "section"
        ):
            break
        below = Candidate(first.path, number, first.score, list(first.why))
        if _CODE_MARK.search(_text_of(graph, below)):
            others = [g for g in guides[1:] if (g.path, g.index) != (below.path, below.index)]
            return [first, below, *others][:_MAX_GUIDES]
    return guides


def asks_for_checks(text: str) -> bool:
    """Whether a question asks how the tests or the linter of the project are run."""
    is_own = _USERS_OWN.search(text) is not None
    return not is_own and bool(re.search(r"\brun\b", text, re.I)) and bool(_CHECKS & set(terms.terms_of(text)))


def _by_title(
    graph: CodeGraph, index: SearchIndex, ranked: Ranked, text: str, subject: Set[str] | None
) -> list[Candidate]:
    """The sections that a text is the title of; or, with the `subject` of a question, those whose title has its terms and no others."""
    asked = set(terms.terms_of(text)) & ranked.idf.keys()
    # Of the subject one term may be the title's in another form.
    at_least = len(asked) if subject is None else max(len(subject) - 1, 1)
    found: list[Candidate] = []
    for document in _titled(index, asked, at_least):
        path, number = index.paths[index.file_of[document]], int(index.symbol_of[document])
        facts = graph.facts(path)
        symbol = facts.symbols[number] if facts is not None and number < len(facts.symbols) else None
        if symbol is None or symbol.kind != "section" or not _may_guide(path):
            continue
        if terms.terms_of(symbol.name) == terms.terms_of(text) if subject is None else _has_title(symbol, subject):
            found.append(Candidate(path, number, 2.0, [WHY_GUIDE]))
    texts = {_text_of(graph, c): c for c in sorted(found, key=lambda c: (c.path, c.index), reverse=True)}
    return list(reversed(texts.values()))  # a text may have a copy


def _titled(index: SearchIndex, wanted: Set[str], at_least: int) -> list[int]:
    """The documents of texts with so many of the terms in their names."""
    hits = [(hit.documents, hit.fields) for term in wanted for hit in (index.hits(term),)]
    named = [np.unique(documents[fields == NAME]) for documents, fields in hits]
    documents, counts = np.unique(np.concatenate([np.array([], int), *named]), return_counts=True)
    kept = documents[counts >= at_least].astype(int).tolist()
    return [n for n in kept if index.alive[n] and index.kinds[index.file_of[n]] != "python"]


def _head_terms(text: str) -> set[str]:
    """The terms of what one wants to do, up to the first preposition; none if these do not say it."""
    asked = _HOW_TO.search(text[:_MAX_CHARS])
    rest = text[asked.end() : _MAX_CHARS] if asked is not None else ""
    head = {_SAME.get(t, t) for t in terms.terms_of(_PREPOSITION.split(rest, maxsplit=1)[0])}
    is_said = (
        head - _DOING and "use" not in head and _PREPOSITION.search(rest)
    )  # to use something may be to do anything with it
    return head if is_said else set()


def _has_title(symbol: Symbol, wanted: Set[str]) -> bool:
    """Whether the title of a section has the wanted terms and no others."""
    title = {_SAME.get(t, t) for t in terms.distinct(symbol.name)} - STOP_TERMS if symbol.kind == "section" else set()
    return len(title) > 1 and title == wanted


def _is_on_making(graph: CodeGraph, guide: Candidate, weights: Mapping[str, float], making: Set[str]) -> bool:
    """Whether a guide is on adding one's own, by a word of `making` in its title, or its folder, or a whole file is on the thing:
    `processors.md`, "Processors"."""
    facts = graph.facts(guide.path)
    title = _title_terms(facts, guide.index, weights) if facts is not None else set[str]()
    is_page = title == _terms(PurePosixPath(guide.path).stem) and title <= weights.keys()
    return bool(title & making) or is_page or _HOW_TO_PATH.search(guide.path) is not None


def _text_of(graph: CodeGraph, guide: Candidate) -> str:
    facts, document = graph.facts(guide.path), graph.document(guide.path)
    if facts is None or document is None:
        return ""
    return "\n".join(document.lines[facts.symbols[guide.index].start - 1 : guide_end(facts, guide.index)])


def guide_lines(graph: CodeGraph, guide: Candidate, question: Question, ranked: Ranked) -> tuple[int, int]:
    """The lines of a guide: of a section its own, of a docstring those from the heading on."""
    facts, document = graph.facts(guide.path), graph.document(guide.path)
    if facts is None or document is None:
        return 1, 1
    symbol = facts.symbols[guide.index]
    if not is_python(guide.path):
        return symbol.start, guide_end(facts, guide.index)
    heading = _best_heading(symbol, _heading_weights(question, ranked))
    first = next((n for n, line in enumerate(document.lines, 1) if line.strip().strip("#").strip() == heading), 1)
    return first, first + symbol.docstring.count("\n")


def guide_end(facts: ModuleFacts, index: int) -> int:
    """The last line that belongs to a section itself, or to a text before its first section."""
    symbol = facts.symbols[index]
    if index == 0 and not is_python(facts.path):
        return min((s.start - 1 for s in facts.symbols[1:]), default=symbol.end)
    return symbol.end


def _heading_weights(question: Question, ranked: Ranked, own_names: Set[str] = frozenset()) -> dict[str, float]:
    """What each term of the question weighs in a heading; nothing if it has no words but those of doing and `own_names`."""
    weights: dict[str, float] = {}
    act = wanted_act(question.text)
    words = {term for word in terms.words(question.text[:_MAX_CHARS]) for term in terms.split(word)[-1:]}
    for term in words & ranked.idf.keys():
        is_minor = term in _DOING or term in _LINTING
        idf = _LEAST_IDF if is_minor else max(ranked.idf[term], _LEAST_IDF)
        factor = _DOING_WEIGHT if is_minor else _ACT_WEIGHT if term == act else 1.0
        weights[_SAME.get(term, term)] = question.terms[term] * idf * factor
    return weights if weights.keys() - _DOING - own_names else {}


def _documents(index: SearchIndex, ranked: Ranked, wanted: Set[str]) -> Iterator[int]:
    """The documents of texts that have a wanted term in their title, the titles above it or their path, and of modules that have one in
    their docstring; those with most of the question first."""
    is_text = np.array([kind != "python" for kind in index.kinds], dtype=bool)[index.file_of]
    entitled = np.zeros(len(index.file_of), dtype=bool)
    for term in (*wanted, *(form for form, same in _SAME.items() if same in wanted)):
        hit = index.hits(term)
        entitled[hit.documents[np.isin(hit.fields, (NAME, QUALNAME)) & is_text[hit.documents]]] = True
        entitled[hit.documents[(hit.fields == DOCSTRING) & (index.symbol_of[hit.documents] == 0)]] = True
        entitled |= np.isin(index.file_of, hit.files) & is_text
    kept = np.flatnonzero(entitled & (ranked.covered > 0) & index.alive)
    order = np.lexsort((index.symbol_of[kept], index.file_of[kept], -ranked.covered[kept]))
    usable = (n for n in kept[order].tolist() if _may_guide(index.paths[index.file_of[n]]))
    yield from islice(usable, _MAX_DOCUMENTS)


def _may_guide(path: str) -> bool:
    return not is_test_path(path) and not is_changelog(path)


def _heading_share(facts: ModuleFacts, number: int, weights: Mapping[str, float]) -> tuple[float, float]:
    """(the weight of the question's terms in the heading, those above it and the name of the file; the share of the heading that they
    are)."""
    symbol = facts.symbols[number]
    own = _title_terms(facts, number, weights)
    if is_python(facts.path):
        return sum(weights.get(t, 0.0) for t in own), _share(own, weights)
    if symbol.kind == "section" and symbol.end - symbol.start < _MIN_LINES:
        return 0.0, 0.0
    stem = _terms(PurePosixPath(facts.path).stem)
    above = _terms(symbol.qualname.rpartition(SECTION_SEPARATOR)[0]) if symbol.kind == "section" else set()
    shares = {
        t: max(float(t in own), _ANCESTOR_SHARE * (t in above), _FILE_SHARE * (t in stem)) + _BOTH * (t in own & stem)
        for t in weights
    }
    return sum(weights[t] * share for t, share in shares.items()), _share(own or stem, weights)


def _title_terms(facts: ModuleFacts, number: int, weights: Mapping[str, float]) -> set[str]:
    """The terms of a section's title, or of the heading in a module's docstring that has most of the question."""
    symbol = facts.symbols[number]
    if is_python(facts.path):
        return _terms(_best_heading(symbol, weights))
    return _terms(symbol.name) if symbol.kind == "section" else set()


def _best_heading(symbol: Symbol, weights: Mapping[str, float]) -> str:
    def weight(title: str) -> float:
        return sum(weights.get(t, 0.0) for t in _terms(title))

    return max(_docstring_headings(symbol), key=weight, default="")


def _docstring_headings(symbol: Symbol) -> list[str]:
    """The titles in a docstring: marked with #, or underlined."""
    lines = symbol.docstring.split("\n")
    found: list[str] = []
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if len(line) > _MAX_HEADING or not line.strip():
            continue
        if (marked := _MARKED_HEADING.fullmatch(line)) is not None:
            found.append(marked["title"])
        elif len(below) <= _MAX_HEADING and _HEADING_RULE.fullmatch(below) and not _HEADING_RULE.fullmatch(line):
            found.append(line.strip())
    return found


def _share(heading: Set[str], weights: Mapping[str, float]) -> float:
    content = heading - STOP_TERMS
    return len(content & weights.keys()) / len(content) if content else 0.0


def _share_of_title(symbol: Symbol, weights: Mapping[str, float]) -> float:
    """The share of a title that is of making something, or of the question: all of "Adding a new renderer"."""
    title = {_SAME.get(t, t) for t in terms.distinct(symbol.name)} - STOP_TERMS
    return len(title & (weights.keys() | _MAKING)) / len(title) if symbol.kind == "section" and title else 1.0


def _terms(text: str) -> set[str]:
    """The terms of a heading or a file's name; `thread-local` is `threadlocal`, too."""
    words = [word.lower() for word in terms.words(text)]
    found = terms.distinct(text) | {terms.stem(a + b) for a, b in pairwise(words)}
    return found | {_SAME[t] for t in found if t in _SAME}


def _gives_reason(graph: CodeGraph, facts: ModuleFacts, number: int) -> bool:
    symbol, document = facts.symbols[number], graph.document(facts.path)
    if document is None or is_python(facts.path):
        return False
    return bool(_REASON.search("\n".join(document.lines[symbol.start - 1 : guide_end(facts, number)])))
