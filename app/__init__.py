"""What a person touches: the command line, its settings, its messages and its reports."""
