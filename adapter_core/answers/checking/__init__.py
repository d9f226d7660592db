"""What a sentence claims, and whether the lines that it cites show it. `answers.verify` is the door.

A sentence goes this way: `sentence.py` takes its names out. `relations.py` reads, by the patterns of `verbs.py`, what it claims of
them. The checks (`relation_checks.py`, `act_checks.py`, `header_checks.py`) hold that against the lines (`region.py`), their syntax
(`statements.py`) and the graph; `naming.py` says which symbol a name means. Plain words about two or three names go the other way:
`meant_relations.py` asks of what the lines show whether the words can mean it, with the model of `role_model.py` (`role_features.py`,
`word_forms.py`, `lexicon.py`). `denials.py` knows "not". `quoted_statements.py` compares quoted statements as syntax.
`rests_on_code.py` and `wording.py` are for what a model wrote; `third_person.py` is for those who write.
"""
