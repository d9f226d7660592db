"""The way back, from a definition to the names under which it goes. `may_alias` is the door; `references` are all places that name it."""
