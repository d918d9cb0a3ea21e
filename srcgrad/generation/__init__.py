"""From a request to compiled functions: the passes in order, modules, entry points."""
