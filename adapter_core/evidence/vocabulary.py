"""Words of questions: stop words, generic words that say little about code, and synonyms."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import UsageError
from ..graph import terms
from ..paths import config_dir

_MAX_BYTES = 1_000_000
_BUILT_IN = Path(__file__).with_name("synonyms.txt")

_STOP = """
    a about above across after again all also am an and any are as at be because been before being below between
    both but by can cannot could did do does doing done during each either else every few for from further had has
    have having he her here hers him his how however i if in into is it its itself just let like may me might more
    most much must my no nor not of off on once one only or other our out over own per please same shall she should
    show so some such than that the their them then there these they this those through to too under until up upon
    us use used uses using very via was we were what whatever when where whether which while who whom whose why will
    with within without would you your code codebase explain describe tell file files find locate located repo
    repository project happen happens work works working implement implements implemented implementation defined
    define defines definition mean means way ways exactly purpose role
    actually already although anyway aren basically become becomes came come comes doesn don elsewhere especially essentially etc ever
    everything go goes going gone hasn hence instead isn likely mostly neither often otherwise perhaps possibly probably really
    respectively seem seems several shouldn simply slightly something sometimes stay stays still themselves therefore though thus
    typically usually went whenever whereas yet
"""
# Words by which people ask for a design, whatever it is about. Rare as they are in code, their idf alone would make them decide.
_GENERIC = """
    affect affects algorithm algorithms allow allows approach approaches architectural architecture attribute attributes
    behavior behaviour benefit benefits choice choices class classes complex complexity component components concept concepts
    coordinate coordinates core design designed detail details determine determines different efficiency efficient
    efficiently enable enables ensure ensures ensuring feature features flow framework function functionality functions
    general handle handled handles handling impact implications importance important integrate integrates integration
    interact interaction interacts internal internally key layer layers level levels library logic main manage management
    manages managing meaning mechanics mechanism mechanisms method methods module modules multiple necessary need needs
    object objects overall parameter parameters particular pattern patterns perform performance performed performing performs
    pipeline place places precise primary principle principles process processes processing provide provided provides
    providing rather rationale reason reasons relationship require required requires responsibility responsible
    scenario scenarios sequence significance specific specifically step steps strategies strategy structure support supported
    supporting supports system systems tradeoff tradeoffs various variable variables versus workflow
"""

STOP_WORDS = frozenset(_STOP.split())
STOP_TERMS = frozenset(terms.stem(word) for word in STOP_WORDS) | STOP_WORDS
# Words that are no stop words, though their stems are those of `them`, `located`, `exactly` and the like.
# Acts that may be any act, and vague numbers: in a text on anything there are some of them.
LIGHT_TERMS = frozenset(
    terms.stem(word)
    for word in "put puts get give given make take let keep tell come go want several many various multiple certain whole single".split()
)
INFORMATIVE_WORDS = frozenset("theme themes themed location locations exact actual projection projections".split())
GENERIC_WORDS = frozenset(_GENERIC.split())


def synonyms_file() -> Path:
    """The path of the user's own synonyms. The file need not exist."""
    return config_dir() / "synonyms.txt"


def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Term to its synonyms, as terms: the table that comes with Pathline and the user's own (`synonyms_file`). Raises `UsageError` where
    that cannot be read."""
    return _synonyms(user_synonym_lines())


@functools.lru_cache(maxsize=4)
def _synonyms(user_lines: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return read_groups([*_BUILT_IN.read_text("utf-8").split("\n"), *user_lines])


def user_synonym_lines() -> tuple[str, ...]:
    """The lines of the user's own synonyms file; none where there is no such file. Raises `UsageError` where it cannot be read."""
    path = synonyms_file()
    try:
        stat = path.stat()
    except OSError:
        return ()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> tuple[str, ...]:
    if size > _MAX_BYTES:
        raise UsageError(f"{path} is larger than 1 MB: keep a group of words to a line.")
    try:
        return tuple(path.read_text("utf-8").split("\n"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as UTF-8 text: {error}.") from error


def read_groups(lines: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Parse groups of synonyms, one to a line (`#` begins a comment): each term with the other terms of its groups, in the order of the
    lines. Lines with `->` are skipped (see `everyday`)."""
    synonyms_by_term: dict[str, dict[str, None]] = defaultdict(dict)
    for line in lines:
        text = line.partition("#")[0]
        group = [terms.stem(word.lower()) for word in terms.words(text)] if "->" not in text else ()
        for term in group:
            synonyms_by_term[term].update((other, None) for other in group if other != term)
    return {term: tuple(others) for term, others in synonyms_by_term.items()}
