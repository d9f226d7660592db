"""Sentences that are true by construction, and which of them answer. `answers.compose` is the door."""
