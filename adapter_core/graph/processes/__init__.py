"""The processes that read and write for the server: the indexer, and jedi behind a guard."""
