"""The only writers to ``results``: figures, tables and numbers, each with title, scope, unit, source and origin."""
