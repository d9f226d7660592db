"""The child processes of the server: the indexer, and jedi behind a guard."""
