"""What is outside the language: what each statement and expression is called, and what to write instead."""

import ast

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


def construct(node) -> str:
    """Return what an expression is called."""
    names = {
        "ListComp": "a list comprehension", "GeneratorExp": "a generator expression", "Lambda": "a lambda here",
        "Dict": "a dict display", "Set": "a set", "List": "a list", "Yield": "yield", "YieldFrom": "yield from",
        "Await": "await", "JoinedStr": "an f-string", "DictComp": "a dict comprehension",
        "SetComp": "a set comprehension", "Starred": "a starred expression",
    }  # fmt: skip
    return names.get(type(node).__name__, f"the expression {ast.unparse(node)!r}")
