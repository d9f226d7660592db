"""What a sentence claims, and whether the lines that it cites show it. `answers.verify` is the door."""
