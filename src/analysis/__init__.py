"""Research workbench for the fit of vocational specialties and industries (专业—产业契合度)."""

__version__ = "0.1.0"


def trace(name: str, language: str = "zh"):
    """Where a published number comes from; see `analysis.trail.trace`."""
    from analysis.trail import trace as follow

    return follow(name, language)
