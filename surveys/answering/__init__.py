"""The phone: show a questionnaire, check it, keep one ballot."""
