"""Sentences about the statements of a function: their control flow, their conditions in words, and quotes of them."""
