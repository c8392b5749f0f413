"""Stages of the graph: each module is run as ``python -m pipelines.<name>`` from the repository root."""
