"""Documents to raw tables: cells exactly as printed, each with its address."""
