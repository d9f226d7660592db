"""Text into and out of a model: encoding prompts, decoding and scanning the generated stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .backend import Message


def clean(text: str) -> str:
    """The text without lone surrogates, which tokenizers refuse."""
    return text.encode("utf-8", "replace").decode("utf-8")


def encode_chat(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """The tokens of a conversation up to where the assistant's answer begins.

    By the model's chat template; what looks like a control token inside a message is encoded as plain text, so that
    text out of a repository cannot end its own turn. A model without a template gets the messages as paragraphs.
    """
    from jinja2 import TemplateError

    turns = [{"role": message.role, "content": clean(message.content)} for message in messages]
    if not tokenizer.chat_template:
        text = "\n\n".join(turn["content"] for turn in turns) + "\n\n"
        return list(tokenizer(text, split_special_tokens=True)["input_ids"])
    try:
        return _apply(tokenizer, turns)
    except TemplateError:
        # Some templates refuse a system message: it then goes before the first user message.
        return _apply(tokenizer, _without_system(turns))


def _apply(tokenizer: Any, turns: list[dict[str, str]]) -> list[int]:
    encoded = tokenizer.apply_chat_template(turns, add_generation_prompt=True, sanitize_control_tokens=True)
    return list(encoded["input_ids"])


def _without_system(turns: list[dict[str, str]]) -> list[dict[str, str]]:
    system = "\n\n".join(turn["content"] for turn in turns if turn["role"] == "system")
    other_turns = [dict(turn) for turn in turns if turn["role"] != "system"]
    if system and other_turns:
        other_turns[0]["content"] = f"{system}\n\n{other_turns[0]['content']}"
    return other_turns or [{"role": "user", "content": system}]


class Detokenizer:
    """Text of a growing list of tokens, piece by piece: the pieces joined are the decoding of the whole list.

    A token may hold part of a character, or change how the one before it is written; a piece is given out only once it
    ends with a whole character, decoded together with the tokens of the piece before it.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._start = 0  # where the tokens of the last piece begin
        self._end = 0  # where the tokens not given out yet begin

    def add(self, token: int) -> str:
        """The text that `token` completes; "" while a character is unfinished."""
        self._ids.append(token)
        return self._piece(last=False)

    def finish(self) -> str:
        """The remaining text, with U+FFFD for bytes that are no character."""
        return self._piece(last=True)

    def _piece(self, *, last: bool) -> str:
        before = self._decode(self._ids[self._start : self._end])
        text = self._decode(self._ids[self._start :])
        if not last and (len(text) <= len(before) or text.endswith("\ufffd")):
            return ""
        self._start, self._end = self._end, len(self._ids)
        return text[len(before) :]

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


class StopScanner:
    """Passes text on up to the first stop string; text that may be the beginning of one is held back."""

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = [string for string in stop if string]
        self._held = ""
        self.stopped = False

    def add(self, text: str) -> str:
        """The part of the text so far that is safe to show. Sets `stopped` when a stop string was found."""
        self._held += text
        found = [at for at in (self._held.find(string) for string in self._stop) if at >= 0]
        if found:
            self.stopped = True
            safe_text, self._held = self._held[: min(found)], ""
            return safe_text
        keep = max((_overlap(self._held, string) for string in self._stop), default=0)
        cut = len(self._held) - keep
        safe_text, self._held = self._held[:cut], self._held[cut:]
        return safe_text

    def finish(self) -> str:
        """The text that is still held back."""
        safe_text, self._held = self._held, ""
        return safe_text


def _overlap(text: str, string: str) -> int:
    """The length of the longest end of `text` that begins `string`."""
    return next((n for n in range(min(len(text), len(string) - 1), 0, -1) if text.endswith(string[:n])), 0)
