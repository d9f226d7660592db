"""What there is of a kind in the whole workspace, where a question asks for that."""
