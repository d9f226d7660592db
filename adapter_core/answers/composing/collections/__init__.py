"""Collections: what there is of a kind, member by member."""
