"""What every room stands on: errors, paths, files and their schemas, settings, names, numerals, keys of cells,
the door of the mathematics."""

VERSION = "0.1.0"
