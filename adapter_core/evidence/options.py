"""The options of finding and packing evidence. Each default stands here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RankingOptions:
    """The weights of ranking, chosen on development questions as a whole (docs/evaluation.md; `./x bench tune_ranking` searches them).

    Fields: `*_weight` and `*_b` are the BM25F weight and length normalisation of a field, `k1` the saturation.

    Coverage: `path_weight` is the score of terms in the path, `path_coverage` how far they count as covered. `file_weight`: the share of a
    score that comes from the file as a whole. `coverage_power`: the penalty of a document with few of the terms, `file_coverage_power`: of
    one whose whole file has few of them.

    Boosts: `definition_boost` for definitions of names that the question writes as code, `qualified_boost` for the only one of a dotted
    name, `mention_boost` for definitions of words that may be names, `assigned_boost` for assignments whose name holds most of a short
    question, `base_boost` for base classes and registering functions in a question how to add something of one's own, `called_boost` for
    callees of a function that the question writes as code, `trace_boost` for frames and messages of tracebacks.

    Terms: `own_name_weight` of the project's own name, `generic_weight` of words that fit any design, `extending_weight` of "add a new" in
    a question how to add something of one's own, `part_weight` of the parts of a compound name. `synonym_weight`: of a synonym's
    occurrences; `synonym_coverage`: how far these count as covered; `synonym_idf`: from 0 (a term's own idf) to 1 (its idf together with
    its synonyms). `everyday_words`: so many of the code's words for an everyday word count. `said_weight`: of a phrase for which code uses
    other words (0 turns phrases off), `said_word`: factor for the phrase's own words.

    Several places: `file_repeat` is the factor for each further place of a file, `further_span` for further lines of a long definition.
    `call_spread`: the share of its score that each of the first `spread_pool` candidates adds to its callers and callees, which gain at
    most `spread_cap` of their own. `join_share`: adjacent candidates are one result where no score is below that share of the best, over
    at most `region_lines`.

    Reports (texts as long as a bug report): `long_body_weight` and `long_name_weight` of the words and names in their body, of which the
    `long_terms` most informative count; `report_*` replace or add to the other options.

    Phrases (a description without a question): `phrase_*` are factors for each part of a name that is in the description, for each other
    part, for classes and for modules (1 turns each off).

    Files: `mentioned_factor` for those that the question names, `asked_test_factor` for tests where the question speaks of testing, which
    need not mean tests. The other factors are for files that are seldom the answer; `aside_power` is the exponent of the fixed factors of
    examples, copies of others' code and generated files (0 turns them off).
    """

    name_weight: float = 4.0
    qualname_weight: float = 2.0
    signature_weight: float = 1.1
    docstring_weight: float = 0.5
    body_weight: float = 0.4
    name_b: float = 0.3
    qualname_b: float = 0.3
    signature_b: float = 0.4
    docstring_b: float = 0.5
    body_b: float = 0.65
    k1: float = 2.0
    path_weight: float = 0.3
    path_coverage: float = 0.3
    file_weight: float = 0.3
    coverage_power: float = 1.75
    file_coverage_power: float = 0.6
    module_factor: float = 0.75
    test_factor: float = 0.45
    asked_test_factor: float = 0.6
    text_factor: float = 0.4
    changelog_factor: float = 0.3
    aside_power: float = 1.0
    mentioned_factor: float = 2.0
    definition_boost: float = 0.4
    qualified_boost: float = 1.2
    file_repeat: float = 0.9
    own_name_weight: float = 0.1
    generic_weight: float = 0.5
    extending_weight: float = 0.1
    synonym_weight: float = 0.25
    synonym_coverage: float = 0.5
    synonym_idf: float = 0.5
    said_weight: float = 1.0
    said_word: float = 0.5
    everyday_words: int = 4
    part_weight: float = 0.6
    call_spread: float = 0.1
    spread_cap: float = 0.2
    spread_pool: int = 60
    join_share: float = 0.4
    region_lines: int = 60
    further_span: float = 0.7
    long_body_weight: float = 0.3
    long_name_weight: float = 0.6
    long_terms: int = 40
    trace_boost: float = 1.0
    report_test_factor: float = 0.2
    report_size_weight: float = 0.3
    report_definition_boost: float = 0.2
    mention_boost: float = 0.3
    called_boost: float = 0.5
    assigned_boost: float = 1.0
    base_boost: float = 0.5
    phrase_named: float = 1.2
    phrase_unnamed: float = 0.9
    phrase_class_factor: float = 0.75
    phrase_module_factor: float = 0.45


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """`top` spans are returned. With a zoom symbol, its neighbours up to `zoom_radius` links away are added, as far as they are found
    within `zoom_seconds` (None: no limit).

    The workspace holds no answer where the best span contains less than `min_coverage + short_margin / n` of the information
    of the question's n terms (their idf): a short question must be covered more fully.

    `max_lines`: a longer definition is cut to its deciding lines. `path_glob`: only files whose path matches (`fnmatch`). `kind`: one of
    `Question.kind`, where the caller knows it.
    """

    top: int = 8
    zoom_radius: int = 1
    zoom_seconds: float | None = 2.0
    min_coverage: float = 0.15
    short_margin: float = 0.4
    max_lines: int = 40
    path_glob: str | None = None
    kind: str | None = None
    ranking: RankingOptions = RankingOptions()


@dataclass(frozen=True, slots=True)
class ContextOptions:
    """`tokens`: the budget of the packed evidence, in the model's own tokens (or an estimate without a model).

    A span of which a smaller share of the lines than `min_kept` would fit is left out, if anything else fits. `max_lines`: a longer symbol
    is shown as a window of that many lines.
    """

    tokens: int = 900
    min_kept: float = 0.25
    max_lines: int = 40


@dataclass(frozen=True, slots=True)
class EmbeddingOptions:
    """`dim`: the length of each vector. The weights are those of the views, each at length 1, in their sum.

    `include_text` adds the words at the beginning of every file, at most `text_max_bytes` and `max_text_tokens` of each.
    With `graph_prop_hops`, topology includes files that many imports away, weighted by `graph_prop_damp` for each import.
    """

    dim: int = 1536
    sym_weight: float = 0.40
    doc_weight: float = 0.25
    mod_weight: float = 0.20
    top_weight: float = 0.15
    types_weight: float = 0.20
    calls_weight: float = 0.25
    tests_weight: float = 0.15
    text_weight: float = 0.25
    include_text: bool = False
    text_max_bytes: int = 200_000
    max_text_tokens: int = 20_000
    graph_prop_hops: int = 0
    graph_prop_damp: float = 0.85

    def __post_init__(self) -> None:
        if self.dim < 1 or self.graph_prop_hops < 0 or not 0 <= self.graph_prop_damp <= 1:
            raise ValueError("dim must be positive, graph_prop_hops not negative, graph_prop_damp from 0 to 1")

    def weight(self, view: str) -> float:
        return float(getattr(self, f"{view}_weight"))


@dataclass(frozen=True, slots=True)
class ModuleOptions:
    """`top` modules and files are returned. Added to a file's score, which is 1 for the best file: `definition` where it defines a name
    that the question writes as code (and that at most `max_definitions` define), `named` for each part of its path in the question.

    Around symbols, up to `radius` links away: `call`, `caller` … are the weights of links; at most `max_links` of a kind are followed from
    one symbol, and from at most `max_frontier` symbols of each step.
    """

    top: int = 10
    path_glob: str | None = None
    definition: float = 0.5
    max_definitions: int = 12
    named: float = 0.05
    radius: int = 2
    call: float = 1.0
    caller: float = 0.8
    inheritance: float = 0.9
    test: float = 0.3
    imports: float = 0.3
    importer: float = 0.1
    max_links: int = 20
    max_frontier: int = 12


@dataclass(frozen=True, slots=True)
class RerankOptions:
    """The largest gain by each feature, added to a score that is about 1 for the best file; 0 turns a feature off. The first `depth` files
    are rescored; at most `max_links` tests of a definition are read.

    `tests` and `neighbours` follow the links of each candidate, which takes many seconds in a large repository; so they are off by default.
    """

    depth: int = 20
    signature: float = 0.1
    docstring: float = 0.1
    tests: float = 0.0
    visibility: float = 0.1
    neighbours: float = 0.0
    self_query: float = 0.5
    max_links: int = 20
