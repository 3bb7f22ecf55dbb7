"""Figures of whole agencies, counted beforehand: what the pages of very many people read instead of every enrolment.

`counting` asks the facts, `refreshing` keeps the answers, `source` gives them to reports, and
`checking` has the nightly recount name what does not agree.
"""
