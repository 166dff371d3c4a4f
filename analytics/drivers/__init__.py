"""Which items go with the overall answer, and how units do on them: importance and performance."""
