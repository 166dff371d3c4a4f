"""The sheets of the official workbook, one module each."""
