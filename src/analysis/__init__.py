"""Research workbench for the fit of vocational specialties and industries (专业—产业契合度)."""

from analysis.ground import VERSION as __version__


def trace(name: str, language: str = "zh"):
    """Where a published number comes from; see `analysis.reconcile.trail.trace`."""
    from analysis.reconcile.trail import trace as follow

    return follow(name, language)
