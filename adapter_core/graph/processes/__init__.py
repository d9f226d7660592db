"""The processes that read and write for the server: the indexer, its parsers, and jedi behind a guard."""
