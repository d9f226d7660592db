"""From evidence to an answer: compose or phrase sentences, cite and verify them, or refuse."""
