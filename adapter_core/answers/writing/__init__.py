"""Reading and writing with the model: its adaptation, its prompts' evidence, its attempts, and the checks of its sentences."""
