"""The numbers: folds over facts, and one table that says what each of them means. Pure."""
