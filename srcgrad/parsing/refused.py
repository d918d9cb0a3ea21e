"""Statements outside the language: what each is called, and what to write instead."""

STATEMENTS = {
    "Try": ("try/except", "test for the bad value with an if"),
    "With": ("with", "do this outside the differentiated function"),
    "Global": ("global", "pass the value as an argument and return it"),
    "Nonlocal": ("nonlocal", "pass the value as an argument and return it"),
    "ClassDef": ("a class definition", "define it outside"),
    "TryStar": ("try/except*", "test for the bad value with an if"),
    "AsyncFor": ("async for", "use an ordinary loop"),
    "AsyncWith": ("async with", "do this outside"),
}
