"""One text to facts: the walk over its syntax tree, and what makes a broken or newer text readable. `parsing.parse` is the door."""
