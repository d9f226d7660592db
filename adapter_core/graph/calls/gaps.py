"""Why what was found for a question may not be all."""

from __future__ import annotations

from collections.abc import Iterable

from ...types import Listing
from ..linking.inference import Inference

_LATE, _STOPPED, _BY_THEN = "the time limit was met", "the search was stopped", "these were found by then"
_ENTANGLED = "some of it is too entangled, or called from too many files, to be followed to its end"


class Gaps:
    """Of one question: made when it is begun, told by those who look what they leave out, asked when it is answered (`listing`).

    What inference leaves out by itself it notes, too, from the moment that this is made; so there is one at a time.
    """

    def __init__(self, inference: Inference, late: str = _LATE) -> None:
        """`late`: what is said where the time was up."""
        self._inference = inference
        self._late = late
        self._unknown = ""
        self._told: list[str] = []
        self._reasons: list[str] | None = None
        inference.incomplete = False
        inference.unparsed.clear()

    def add(self, reason: str) -> None:
        """Something that looks for an answer did not look everywhere ("": it did)."""
        if reason:
            self._told.append(reason)

    def unknown(self, reason: str) -> None:
        """A name that is asked about stands for nothing."""
        self._unknown = reason

    def end(self) -> None:
        """Nothing is looked for any more, so that the time that passes from now on counts for nothing."""
        self._reasons = self._found()

    def listing(self, found: Iterable[object], *remarks: str) -> Listing:
        """What was found. `remarks`: further reasons why it is not all, to be told also where the time was up."""
        gaps = self._found() if self._reasons is None else self._reasons
        reasons = list(dict.fromkeys([*gaps, *remarks]))
        return Listing(tuple(found), not reasons, "; ".join(reasons))

    def _found(self) -> list[str]:
        if self._inference.expired:
            return [f"{_STOPPED if self._inference.cancelled else self._late}; {_BY_THEN}"]
        unread = sorted(self._inference.unparsed)
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        return [
            *([self._unknown] if self._unknown else []),
            *([_ENTANGLED] if self._inference.incomplete else []),
            *([f"{unread[0]}{more} does not parse, so what runs there without a call is not told"] if unread else []),
            *self._told,
        ]


__all__ = ["Gaps"]
