"""The reasons why the result of a query may be incomplete."""

from __future__ import annotations

from collections.abc import Iterable

from ...types import Listing
from ..linking.inference import Inference

_LATE, _STOPPED, _BY_THEN = "the time limit was met", "the search was stopped", "these were found by then"
_ENTANGLED = "some of it is too entangled, or called from too many files, to be followed to its end"


class Gaps:
    """The reasons of one query: created when it begins, extended by those who leave something out, read when it is answered (`listing`).

    It also covers what inference leaves out from its creation on; so there is one at a time.
    """

    def __init__(self, inference: Inference, late: str = _LATE) -> None:
        """`late`: the reason that is given where the time was up."""
        self._inference = inference
        self._late = late
        self._unknown = ""
        self._added: list[str] = []
        self._reasons: list[str] | None = None
        inference.incomplete = False
        inference.unparsed.clear()

    def add(self, reason: str) -> None:
        """Add a reason ("": none)."""
        if reason:
            self._added.append(reason)

    def unknown(self, reason: str) -> None:
        """Set the reason that a name of the query is unknown."""
        self._unknown = reason

    def close(self) -> None:
        """Collect the reasons: the time that passes from now on does not count."""
        self._reasons = self._collect_reasons()

    def listing(self, found: Iterable[object], *remarks: str) -> Listing:
        """The result as a listing. `remarks`: further reasons, which are given even where the time was up."""
        gaps = self._collect_reasons() if self._reasons is None else self._reasons
        reasons = list(dict.fromkeys([*gaps, *remarks]))
        return Listing(tuple(found), not reasons, "; ".join(reasons))

    def _collect_reasons(self) -> list[str]:
        if self._inference.expired:
            return [f"{_STOPPED if self._inference.cancelled else self._late}; {_BY_THEN}"]
        unread = sorted(self._inference.unparsed)
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        return [
            *([self._unknown] if self._unknown else []),
            *([_ENTANGLED] if self._inference.incomplete else []),
            *([f"{unread[0]}{more} does not parse, so what runs there without a call is not told"] if unread else []),
            *self._added,
        ]


__all__ = ["Gaps"]
