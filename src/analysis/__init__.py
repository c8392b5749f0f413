"""Research workbench for the fit of vocational specialties and industries (专业—产业契合度)."""

from typing import TYPE_CHECKING

from analysis import ground

if TYPE_CHECKING:
    from analysis.reconcile.trail import Trail

__version__ = ground.VERSION


def trace(name: str, language: str = "zh") -> "Trail":
    """Where a published number comes from; see `analysis.reconcile.trail.trace`."""
    from analysis.reconcile.trail import trace as follow

    return follow(name, language)
