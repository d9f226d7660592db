"""Texts and facts at one moment: open editors, over changed files, over stored facts. `snapshot.view` is the entry point."""
