"""The stages of the pipeline: each a command that `dvc.yaml` names.
Every command runs under the conditions of the project."""

from pipelines.conditions import seal

seal()
