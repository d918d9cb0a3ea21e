"""The small language that every pass reads and writes: its grammar, kinds, names and printer."""
