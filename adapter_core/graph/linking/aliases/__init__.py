"""Aliases: from a definition to the names that refer to it. `may_alias` is the entry point; `references` finds all places that name a
symbol."""
