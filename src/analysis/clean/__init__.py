"""Raw tables, prose figures and demand figures to observations, records, facts:
one long form, every cell accounted for."""
