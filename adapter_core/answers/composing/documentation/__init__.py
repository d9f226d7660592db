"""What is written about the code: docstrings, documentation and comments as text, and the sentences that quote them."""
