"""Candidate sentences that are true by construction, and which of them enter the answer. The entry point is `answers.compose`."""
