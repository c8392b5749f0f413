"""The yearly collection: one workbook a school, checked, marked,
and brought in as a source (``python -m analysis.collect``)."""
