"""What imports, annotations and the like stand for: where they lead, which types, which texts, and to which parameter an argument goes."""
