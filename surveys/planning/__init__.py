"""A round before it opens: units, groups, rules, questionnaire, import."""
