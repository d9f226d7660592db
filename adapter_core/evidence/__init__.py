"""From a question to the lines worth reading. What it needs of a model (token counts, scores) is passed in as functions."""
