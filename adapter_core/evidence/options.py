"""The options of finding and packing evidence. Each default stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """The weights of ranking; found by coordinate search on development questions as a whole (docs/evaluation.md).

    `*_weight` and `*_b` are the BM25F weight and length normalisation of a field, `k1` its saturation. `path_weight`: words of the
    path. `file_weight`: share of a file's evidence as a whole. `coverage_power`: how much a document loses that meets few of the
    terms. `definition_boost`: for definitions of names that the question writes as code. `file_repeat`: factor for each further
    span of a file. The other factors multiply the scores of what is seldom the answer.
    """

    name_weight: float = 4.0
    qualname_weight: float = 2.0
    signature_weight: float = 1.1
    docstring_weight: float = 0.5
    body_weight: float = 0.9
    name_b: float = 0.3
    qualname_b: float = 0.3
    signature_b: float = 0.4
    docstring_b: float = 0.5
    body_b: float = 0.65
    k1: float = 3.5
    path_weight: float = 0.3
    path_coverage: float = 0.3
    file_weight: float = 0.35
    coverage_power: float = 2.5
    module_factor: float = 0.75
    test_factor: float = 0.45
    text_factor: float = 0.6
    changelog_factor: float = 0.3
    aside_power: float = 1.0
    mentioned_factor: float = 2.0
    definition_boost: float = 1.0
    file_repeat: float = 0.85


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """`top` spans are returned. With a zoom symbol, its neighbours up to `zoom_radius` steps away are looked at.

    The workspace holds no answer where the best span contains less than `min_coverage + short_margin / n` of the information
    of the question's n terms (their idf): a short question must be met more fully.

    `max_lines`: a longer definition is cut to its deciding lines.
    """

    top: int = 8
    zoom_radius: int = 1
    min_coverage: float = 0.15
    short_margin: float = 0.4
    max_lines: int = 40
    path_glob: str | None = None
    ranking: RankingOptions = RankingOptions()


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """`tokens`: the budget of the packed evidence, in the model's own tokens (or an estimate without a model)."""

    tokens: int = 900
