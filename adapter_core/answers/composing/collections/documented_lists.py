"""Lists in docstrings and documents whose introduction has the words of a question, item by item."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ....code_graph import CodeGraph, is_test_path
from ....evidence.documented import is_documentation
from ....evidence.ranking import is_aside
from ....evidence.search_index import SearchIndex
from ....evidence.vocabulary import STOP_WORDS
from ....graph import terms
from ....graph.source import is_python
from ....types import Citation, ModuleFacts, Symbol
from ...citations import are_within, spans_of
from ...inert import code, printable, prose
from ..candidate import MAX_CITED, Candidate, SentenceBuilder
from ..documentation.quotation import is_quotable, title_of
from ..documentation.quoted_docs import docstring_lines_of
from ..documentation.running_text import without_quotes
from .asked_collection import AskedCollection

_ITEM = re.compile(r"(?P<indent>\s*)(?:[-*+•]|\d{1,2}[.)])\s+(?=\S)")
_BOLD = re.compile(r"(?P<indent>\s*)(?=\*\*[^*]+\*\*:?\s*[:–-]?\s*\S)")  # a paragraph that begins with its name
_FENCE = re.compile(r"\s*(?:```|~~~)")
_KEY = re.compile(
    r"\W{0,3}(?P<key>``[^`]+``|`[^`]+`|\"[^\"]+\"|'[^']+'|\*\*[^*]+\*\*|[\w.+/-]+(?: [\w.+/-]+)?)\W{0,3}?\s*(?:[:=–—]|--?|\()\s?"
)
_UNQUOTABLE = re.compile(r"[“”]|; ")
_END = re.compile(r"(?<=[\w)`\"'])\.(?= [A-Z`])")
_MIN_ITEMS, _MAX_ITEMS, _MAX_TOLD = 2, 200, 40
_MAX_ITEM, _MAX_TEXT = 220, 1500
_MAX_DOCUMENTS = 60
_MIN_SHARE = 0.6
_OF_TEXT, _IN_PLACE = 0.6, 0.5
_LIST = " lists"
_FORM = re.compile(
    rf"`(?P<owner>[^`]+)`(?P<title>, “[^“”]+”,)?{_LIST}(?: \d+ items)?(?: below “(?P<intro>[^“”]+)”)?(?:, of which the first are)?: “.+”",
    re.DOTALL,
)
# What is called so is a single character, or a short code.
_LETTERS = frozenset(
    map(
        terms.stem,
        ("letter", "letters", "character", "characters", "symbol", "symbols", "flag", "flags", "char", "chars"),
    )
)
_CODES = frozenset(
    map(terms.stem, ("code", "codes", "number", "numbers", "id", "ids", "identifiers", "states", "levels", "values"))
)
_IS_CODE = re.compile(r"\W*(?:[A-Z]{1,6}\d+|\d+|[A-Z][A-Z_]{2,}|[A-Z])\W*\Z")
# What is listed are conditions, or things to do.
_CONDITIONAL = re.compile(
    r"\b(?:if|when|because|unless|to|you (?:can|could|should|need|must)|make sure|note|for example|such as)\Z|\bonly if\b|"
    r"\bhow\b|\bby \w+ing\b|\bthrough\b",
    re.I,
)
# What may stand behind a noun that is the last of its group.
_BEHIND_NOUN = frozenset(
    "are is that which of for in with can may include includes available supported and or from to you we it will have has "
    "exist class classes "
    "type types kind kinds provided as offered built mean means implement implemented list reference below".split()
)
_OF_LISTS = frozenset("following currently full complete available ones here please see".split())
_OF_SORT = {
    "exceptions": {"except", "error", "warn"}, "classes": {"class"}, "functions": {"function", "decorator"},
    "commands": {"command", "subcommand"},
}  # fmt: skip
_HIDDEN = re.compile(r"(?:^|/)\.")
_CHANGES = re.compile(r"(?:^|/)(?:change|news|release|history|whats|hist)", re.I)

Lines = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ItemList:
    """`intro`: the sentence above it that ends with a colon, on the lines `above`; "" without one. `items`: text and lines of each."""

    intro: str
    above: Lines
    items: tuple[tuple[str, int, int], ...]

    @property
    def keys(self) -> list[str]:
        """What each item begins with, if that is set off: `"e"` of `"e" = change directory`."""
        return [match["key"].strip("`\"'*") for text, _, _ in self.items if (match := _KEY.match(text))]


def documented_lists(graph: CodeGraph, asked: AskedCollection) -> list[tuple[float, Candidate]]:
    """The lists that are what is asked for, with how far they are, the best first."""
    found: list[tuple[float, Candidate]] = []
    for path, number in _places(graph, asked):
        facts, document = graph.facts(path), graph.document(path)
        if facts is None or document is None or number >= len(facts.symbols):
            continue
        lists = _lists_of(facts, number, document.lines)
        scores = [_score(asked, facts, number, one) for one in lists]
        best = max(scores, default=0.0)
        for one, score in zip(lists, scores, strict=True):
            is_beside = best >= _MIN_SHARE and _is_alike(one, lists[scores.index(best)])
            if score >= _MIN_SHARE or is_beside:
                found.append((best if is_beside else score, _sentence(SentenceBuilder(facts, number, 0), one)))
    return sorted(found, key=lambda pair: (-pair[0], pair[1].spans[0]))


def documented_list_holds(graph: CodeGraph, sentence: str, citations: tuple[Citation, ...]) -> bool | None:
    """Whether a docstring or section has exactly this list on cited lines; None for a sentence of another form."""
    form = _FORM.fullmatch(sentence.strip())
    if form is None:
        return None
    cited = spans_of(citations)
    for path in dict.fromkeys(p for p, _, _ in cited):
        facts, document = graph.facts(path), graph.document(path)
        for number, symbol in enumerate(facts.symbols) if facts is not None else ():
            if facts is None or document is None or _owner(facts, symbol) != form["owner"]:
                continue
            if not any(p == path and symbol.start <= a <= symbol.end for p, a, _ in cited):
                continue
            for one in _lists_of(facts, number, document.lines):
                made = _sentence(SentenceBuilder(facts, number, 0), one)
                if printable(made.text) == printable(sentence.strip()) and are_within(made.spans, cited):
                    return True
    return False


def _places(graph: CodeGraph, asked: AskedCollection) -> list[tuple[str, int]]:
    """(path, index) of the definitions and sections that have most of the wanted terms."""
    with graph.store.snapshot():
        index = SearchIndex(graph)
        covered = np.zeros(len(index.file_of))
        for term, weight in asked.weights.items():
            is_form = term == asked.form and asked.meaning and term in _LETTERS | _CODES
            present = np.full(len(index.file_of), 1.0 if is_form else 0.0)
            for word in (term, *asked.alternatives.get(term, ())):
                present[index.hits(word).documents] = np.maximum(
                    present[index.hits(word).documents], 1.0 if word == term else 0.7
                )
            covered += weight * present
        at_least = _MIN_SHARE * sum(asked.weights.values())
        best = [int(n) for n in np.argsort(-covered, kind="stable")[: 6 * _MAX_DOCUMENTS] if covered[n] >= at_least]
        places = [(index.paths[index.file_of[n]], int(index.symbol_of[n])) for n in best if index.alive[n]]
    usable = [
        (path, number)
        for path, number in places
        if not (is_test_path(path) or is_aside(path) or _HIDDEN.search(path) or _CHANGES.search(path))
        and (is_python(path) or is_documentation(path))
    ]
    return usable[:_MAX_DOCUMENTS]


def _lists_of(facts: ModuleFacts, number: int, lines: list[str]) -> list[ItemList]:
    """The lists of a docstring, or of a section up to its first subsection."""
    symbol = facts.symbols[number]
    if is_python(facts.path):
        where = docstring_lines_of(symbol, lines)
        return list(item_lists(without_quotes(lines, *where), *where)) if where is not None else []
    if symbol.kind not in ("section", "module") or not is_quotable(title_of(symbol)):
        return []
    below = [s.start - 1 for s in facts.symbols if s.kind == "section" and symbol.start < s.start <= symbol.end]
    return list(item_lists(lines, symbol.start, min([symbol.end, *below])))


def item_lists(lines: list[str], start: int, end: int) -> Iterator[ItemList]:
    """The outermost bullet lists on lines `start..end`, with all of their items; none of which an item cannot be quoted."""
    number, in_fence = start, False
    while number <= min(end, len(lines)):
        in_fence ^= bool(_FENCE.match(lines[number - 1]))
        line = lines[number - 1]
        mark = (_ITEM.match(line) or _BOLD.match(line)) if not in_fence and line.strip() else None
        if mark is None:
            number += 1
            continue
        last, items = _read_items(lines, number, min(end, len(lines)), len(mark["indent"]))
        texts = [(_item_text(lines, a, b), a, b) for a, b in items]
        is_told = all(text for text, _, _ in texts[:_MAX_TOLD])
        if _MIN_ITEMS <= len(items) <= _MAX_ITEMS and is_told:
            intro, above = _introduction(lines, start, number)
            yield ItemList(intro, above, tuple(texts))
        number = last + 1


def _read_items(lines: list[str], number: int, end: int, indent: int) -> tuple[int, list[Lines]]:
    """(the last line of a list, the lines of each of its items)."""
    items: list[Lines] = []
    last, is_bold = number, _ITEM.match(lines[number - 1]) is None
    while number <= end:
        line = lines[number - 1]
        own = len(line) - len(line.lstrip())
        if line.strip():
            mark = _BOLD.match(line) if is_bold else _ITEM.match(line)
            if mark is not None and own == indent:
                items.append((number, number))
            elif own > indent or (is_bold and lines[number - 2].strip()):
                items[-1] = items[-1][0], number
            else:
                break
            last = number
        number += 1
    return last, items


def _item_text(lines: list[str], first: int, last: int) -> str:
    """The first sentence of the first paragraph of an item; "" if it cannot be quoted."""
    parts: list[str] = []
    for number in range(first, last + 1):
        line = lines[number - 1].strip()
        if not line or (parts and (_ITEM.match(lines[number - 1]))) or _FENCE.match(line) or line.startswith(".. "):
            break
        parts.append(_ITEM.sub("", lines[number - 1], count=1).strip() if not parts else line)
    text = " ".join(parts)
    end = _END.search(text, 20)
    text = text[: end.start()] if end is not None and len(text) > _MAX_ITEM // 2 else text
    text = prose(text.rstrip(".:"))
    return "" if _UNQUOTABLE.search(text) or len(text) > 2 * _MAX_ITEM else text


def _introduction(lines: list[str], start: int, first: int) -> tuple[str, Lines]:
    """(the sentence above a list, if it ends with a colon; its lines)."""
    number = first - 1
    while number >= start and not lines[number - 1].strip():
        number -= 1
    last, paragraph = number, list[str]()
    while number >= start and lines[number - 1].strip() and not _ITEM.match(lines[number - 1]):
        paragraph.insert(0, lines[number - 1].strip())
        number -= 1
    text = " ".join(paragraph)
    if not text.endswith(":") or len(text) > 600:
        return "", (first, first)
    ends = [m.end() for m in _END.finditer(text)]
    sentence = prose(text[ends[-1] :].strip() if ends else text).rstrip(":")
    return ("", (first, first)) if _UNQUOTABLE.search(sentence) else (sentence, (number + 1, last))


def _score(asked: AskedCollection, facts: ModuleFacts, number: int, one: ItemList) -> float:
    """How far a list is what is asked for: by its introduction, the title above, and what surrounds it. In place of the noun the form of
    the items may speak: letters are single characters."""
    symbol = facts.symbols[number]
    present = dict.fromkeys(terms.distinct(facts.path.removesuffix(".py").replace("/", " ")), _IN_PLACE)
    if is_python(facts.path):
        present |= dict.fromkeys(
            terms.distinct(f"{symbol.qualname}\n{symbol.docstring.partition(chr(10))[0]}"), _OF_TEXT
        )
        titled = False
    else:
        titled = symbol.kind == "section"
    above = f"{symbol.name if titled else ''}\n{one.intro}"
    present |= dict.fromkeys(terms.distinct(above), 1.0)
    keys = one.keys
    is_keyed = len(keys) >= 0.7 * len(one.items)
    if asked.form in _LETTERS and is_keyed and sum(len(k) == 1 for k in keys) > 0.7 * len(keys):
        present[asked.form] = 1.0
    if asked.form in _CODES and is_keyed and sum(bool(_IS_CODE.match(k)) for k in keys) > 0.7 * len(keys):
        present[asked.form] = 1.0
    if asked.meaning and not is_keyed:
        return 0.0
    if asked.head and not asked.counts(asked.head, present):
        return 0.0
    if not (_is_list_of(asked, one.intro) or (titled and _says_little(one.intro) and _is_list_of(asked, symbol.name))):
        return 0.0
    if (not one.intro and not titled) or _CONDITIONAL.search(one.intro):
        return 0.0
    return asked.share(present) * (1.0 if is_keyed else 0.85)


def _is_list_of(asked: AskedCollection, above: str) -> bool:
    """Whether the words above a list call its items what is asked for: "Read permissions", "these workers are", "Worker classes", and
    not "Worker arguments"."""
    wanted = (
        asked.all_terms if asked.meaning or not asked.head else {asked.head, *asked.alternatives.get(asked.head, ())}
    )
    if asked.sort and not asked.head:
        wanted = _OF_SORT[asked.sort]
    wanted = {*wanted, *(_LETTERS if asked.form in _LETTERS and asked.meaning else ())}
    words = re.findall(r"[\w-]+|[^\w\s-]", above)
    for word, after in zip(words, [*words[1:], ":"], strict=False):
        is_noun_end = not after[0].isalnum() or after.lower() in _BEHIND_NOUN
        if (
            is_noun_end
            and not terms.distinct(word).isdisjoint(wanted)
            and word.lower().endswith(("s", "ing", "tion", "ata"))
        ):
            return True
    return False


def _says_little(intro: str) -> bool:
    """Whether an introduction leaves it to the title what is listed: "The following are available"."""
    return sum(word.lower() not in STOP_WORDS | _BEHIND_NOUN | _OF_LISTS for word in terms.words(intro)) <= 1


def _is_alike(one: ItemList, other: ItemList) -> bool:
    """Whether two lists of one text go on with each other: both have an introduction of two or three words that end alike, as in "Read
    permissions:" and "Write permissions:"."""
    a, b = terms.terms_of(one.intro), terms.terms_of(other.intro)
    return one is not other and 0 < len(a) <= 3 and 0 < len(b) <= 3 and a[-1] == b[-1]


def _owner(facts: ModuleFacts, symbol: Symbol) -> str:
    return symbol.qualname if is_python(facts.path) else facts.path


def _sentence(builder: SentenceBuilder, one: ItemList) -> Candidate:
    title = title_of(builder.symbol) if not is_python(builder.path) else ""
    below = f" below “{one.intro}”" if one.intro else ""
    told = one.items[:_MAX_TOLD]
    while len(told) > _MIN_ITEMS and sum(len(text) for text, _, _ in told) > _MAX_TEXT:
        told = told[:-1]
    count = f" {len(one.items)} items" if len(told) < len(one.items) else ""
    below += ", of which the first are" if count else ""
    lead = f"{code(_owner(builder.facts, builder.symbol))}{title}{',' if title else ''}{_LIST}{count}{below}:"
    named = builder.symbol.name_line if is_python(builder.path) else builder.symbol.start
    spans: list[Lines] = [(named, named)] if named != one.above[0] else []
    for first, last in [one.above, *((a, b) for _, a, b in told)]:
        if spans and spans[-1][1] < first <= spans[-1][1] + 2 and last - spans[-1][0] < MAX_CITED:
            spans[-1] = spans[-1][0], last
        else:
            spans.append((first, min(last, first + MAX_CITED - 1)))
    return builder.step_list("listing", lead, tuple(f"“{text}”" for text, _, _ in told), *spans)
