"""From evidence to an answer: compose or phrase sentences, cite, verify, or say that there is nothing to say."""
