"""What a sentence claims, and whether its cited lines show it. The entry point is `answers.verify`.

`sentence.py` extracts the names of a sentence. `relations.py` parses the relations between them that it claims, by the patterns of
`verbs.py`. The checks (`relation_checks.py`, `act_checks.py`, `header_checks.py`) verify these against the cited lines (`region.py`),
their syntax (`statements.py`) and the graph; `naming.py` matches names with symbols. For plain words about two or three names it is the
other way round: `likely_relations.py` takes the relations that the lines show and estimates whether the words can mean one, by the model
of `role_model.py` (`role_features.py`, `word_forms.py`, `lexicon.py`). `denials.py` recognises negation. `quoted_statements.py` compares
quoted statements as syntax. `rests_on_code.py` and `wording.py` check sentences of a model; `third_person.py` is used by the writers.
"""
