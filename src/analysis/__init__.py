"""Research workbench for the fit of vocational specialties and industries (专业—产业契合度)."""

__version__ = "0.1.0"
