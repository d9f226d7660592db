"""Coverage reports in Cobertura's XML, as `coverage xml` writes them: which lines ran, for the files of a workspace.

Takes the text of a report that the user named. It is not trusted: a document type (and with it every entity) is refused before anything is
read, and the size is limited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.parsers import expat

MAX_CHARACTERS = 64 << 20
_HOW_TO = "`coverage xml` of coverage.py writes such a report."


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """`lines`: hits by line, by workspace path; lines that were not measured are absent. `unmatched`: files of the report, as it names
    them, that match no file of the workspace, or several."""

    lines: dict[str, dict[int, int]]
    unmatched: tuple[str, ...] = ()


def read_coverage(text: str, paths: Iterable[str]) -> CoverageReport:
    """The lines of a report, by those of `paths` (POSIX, relative to the workspace) that its files match. Reports name files relative to
    one of their `<source>` folders, often from another machine. A file matches the path that ends in its whole name, and of several the one
    with the longest common end of source and name. A name that is longer than the path (the workspace is a subfolder of what was measured)
    counts only for the workspace folder that most files agree on.

    Raises ValueError, with advice, for a text that is not such a report.
    """
    sources, files = _parse(text)
    known = {parts for path in paths if (parts := _parts(path))}
    by_end: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for parts in known:
        for end in {parts[-1:], parts[-2:]}:  # there are many `__init__.py`, and few of them in folders of one name
            by_end.setdefault(end, []).append(parts)
    matched: dict[str, str] = {}
    inner: dict[str, set[tuple[tuple[str, ...], str]]] = {}
    roots: Counter[tuple[str, ...]] = Counter()  # the workspace folder's name where the report was made
    for filename in files:
        parts = tuple(part for part in _parts(filename) if part != "..")
        is_whole_name = not sources or _is_absolute(filename)
        full = [parts] if is_whole_name else [_parts(f"{source}/{filename}") for source in sources]
        found = _best_match(by_end.get(parts[-2:], []), full, parts)
        options = {
            (full_parts[:i], "/".join(full_parts[i:]))
            for full_parts in full
            for i in range(len(full_parts))
            if full_parts[i:] in known
        }
        roots.update({root for root, path in options if path == found or not found})
        if found:
            matched[filename] = found
        else:
            inner[filename] = options
    if roots:
        winner = max(roots, key=lambda root: (roots[root], -len(root), root))
        for name, options in inner.items():
            fitting = [path for root, path in options if root == winner]
            if len(fitting) == 1:
                matched[name] = fitting[0]
    lines: dict[str, dict[int, int]] = {}
    for filename, path in matched.items():
        into = lines.setdefault(path, {})
        for line, hits in files[filename].items():
            into[line] = max(hits, into.get(line, 0))
    return CoverageReport(lines, tuple(name for name in files if name not in matched))


def coverage_of(lines: Mapping[int, int], start: int, end: int, hits: int = 1) -> tuple[int, int]:
    """(covered, measured) of the lines `start..end`: how many ran at least `hits` times, and how many could have run."""
    if end - start > len(lines):
        found = [count for line, count in lines.items() if start <= line <= end]
    else:
        found = [lines[line] for line in range(start, end + 1) if line in lines]
    return sum(count >= hits for count in found), len(found)


def _best_match(candidates: list[tuple[str, ...]], full: list[tuple[str, ...]], name: tuple[str, ...]) -> str:
    """The path that ends in the whole name; of several, the one that shares the longest end with one of `full`.

    Between equals, a path that is just the name wins. "": none, or a tie.
    """
    best, winners = 0, set()
    for path in candidates:
        if path[-len(name) :] != name:
            continue
        common = max(_common_end(path, full_name) for full_name in full)
        if common > best:
            best, winners = common, {path}
        elif common == best:
            winners.add(path)
    if name in winners:
        return "/".join(name)
    return "/".join(winners.pop()) if len(winners) == 1 else ""


def _common_end(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    count = 0
    for a, b in zip(reversed(left), reversed(right), strict=False):
        if a != b:
            break
        count += 1
    return count


def _is_absolute(path: str) -> bool:
    return path.startswith(("/", "\\")) or path[1:2] == ":"


def _parts(path: str) -> tuple[str, ...]:
    parts: list[str] = []
    for part in path.replace("\\", "/").split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return tuple(parts)


class _Reader:
    """Collects `<source>` and `<class filename><line number hits>` from the parser's events."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.files: dict[str, dict[int, int]] = {}
        self._stack: list[str] = []
        self._source: list[str] | None = None
        self._lines: dict[int, int] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._stack and tag != "coverage":
            raise ValueError(
                f"This is not a coverage report in Cobertura's XML: it begins with <{tag[:40]}>. {_HOW_TO}"
            )
        self._stack.append(tag)
        if tag == "source":
            self._source = []
        elif tag == "class" and attributes.get("filename"):
            self._lines = self.files.setdefault(attributes["filename"], {})
        elif tag == "line" and self._lines is not None:
            number, hits = _whole(attributes.get("number")), _whole(attributes.get("hits"))
            if number and hits is not None:
                self._lines[number] = max(hits, self._lines.get(number, 0))

    def end(self, tag: str) -> None:
        self._stack.pop()
        if tag == "source" and self._source is not None:
            text = "".join(self._source).strip()
            if text and text not in self.sources:
                self.sources.append(text)
            self._source = None
        elif tag == "class":
            self._lines = None

    def data(self, text: str) -> None:
        if self._source is not None:
            self._source.append(text)


def _parse(text: str) -> tuple[list[str], dict[str, dict[int, int]]]:
    if len(text) > MAX_CHARACTERS:
        limit = MAX_CHARACTERS >> 20
        raise ValueError(
            f"The coverage report has {len(text) >> 20} million characters; at most {limit} million are read. "
            "Measure fewer files, for example with `coverage xml --include`."
        )
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    try:
        parser.Parse(text.lstrip("\ufeff \t\r\n"), True)
    except expat.ExpatError as error:
        message = expat.errors.messages.get(error.code, "not well-formed")
        raise ValueError(f"The coverage report is not XML (line {error.lineno}: {message}). {_HOW_TO}") from None
    except UnicodeEncodeError:
        raise ValueError(f"The coverage report holds characters that no XML has. {_HOW_TO}") from None
    return reader.sources, reader.files


def _refuse_doctype(*_: object) -> None:
    raise ValueError(
        "The coverage report has a document type (<!DOCTYPE ...>), which can make a reader expand or fetch things, and is not read. "
        "Delete that line, or write the report with a current coverage.py, which has none."
    )


def _whole(text: str | None) -> int | None:
    """A number of lines or hits, 0 or more."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else None
