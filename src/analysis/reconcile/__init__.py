"""Printed totals, means and rates against what their parts give."""
