"""What is written stands for: imports, annotations, known texts, and the parameter that an argument goes to."""
