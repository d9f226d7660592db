"""One text to facts: the walk over its syntax tree, and error recovery for broken or newer text. `parsing.parse` is the entry point."""
