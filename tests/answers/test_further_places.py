"""Where the best match need not be what was asked, the others are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter_core.answers.options import AskOptions, ComposeOptions
from adapter_core.answers.runner import answer_question
from adapter_core.answers.verify import supports
from tests.answers.asking import told
from tests.support import graph_of

LEAD = "Other places that match the question: "
WORKSPACE = """
#- depot/parcels.py
class Parcel:
    def weigh_parcel(self, scale):
        \"\"\"Weigh the parcel on a scale.\"\"\"
        self.weight = scale.read()
        return self.weight


def weigh_again(parcel, scale):
    \"\"\"Weigh a parcel a further time, where the scale was moved.\"\"\"
    scale.reset()
    return parcel.weigh_parcel(scale)


def weigh_all(parcels, scale):
    \"\"\"Weigh parcels in a row.\"\"\"
    return [parcel.weigh_parcel(scale) for parcel in parcels]


def weigh_crate(crate, scale):
    \"\"\"Weigh the parcels of a crate on its scale.\"\"\"
    return sum(weigh_all(crate.parcels, scale))


def weigh_later(parcel, scale, queue):
    \"\"\"Weigh the parcel once the scale is free.\"\"\"
    queue.append((parcel, scale))


def print_label(parcel):
    print(parcel.weight)


LIMIT = 3
#- tests/test_parcels.py
def test_parcels_are_weighed_on_a_scale():
    assert True
"""


def test_the_other_places_stand_last_and_are_those_that_nothing_cites(tmp_path: Path) -> None:
    with graph_of(tmp_path, WORKSPACE) as graph:
        options = AskOptions(compose=ComposeOptions(max_sentences=2))
        answer = answer_question(graph, "Where are parcels weighed on the scale?", options=options)
        *others, last = answer.claims
        assert last.text.startswith(LEAD)
        named = {c.span.start for c in last.citations}
        assert named <= {2, 8, 14, 19, 24}
        cited = {n for claim in others for c in claim.citations for n in range(c.span.start, c.span.end + 1)}
        assert not named & cited
        assert not any(c.span.path.startswith("tests/") for c in last.citations)
        assert not answer.dropped


@pytest.mark.parametrize(
    "question", ["What does `Parcel.weigh_parcel` do?", "Who calls `weigh_parcel`?", "What is this project for?"]
)
def test_there_are_none_where_it_is_said_which_one_is_meant(tmp_path: Path, question: str) -> None:
    with graph_of(tmp_path, WORKSPACE) as graph:
        assert not any(text.startswith(LEAD) for text in told(graph, question))


def test_a_place_that_is_not_defined_there_is_not_let_through(tmp_path: Path) -> None:
    with graph_of(tmp_path, WORKSPACE) as graph:
        options = AskOptions(compose=ComposeOptions(max_sentences=2))
        claim = answer_question(graph, "Where are parcels weighed on the scale?", options=options).claims[-1]
        assert claim.text.startswith(LEAD)
        assert supports(graph, claim.text, claim.citations).ok
        name = claim.text.partition("`")[2].partition("`")[0]
        assert not supports(graph, claim.text.replace(name, "LIMIT"), claim.citations).ok
        assert not supports(graph, claim.text, claim.citations[1:]).ok
