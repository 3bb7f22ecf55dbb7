"""Rosters: what an agency's file says about its people, checked as a whole and applied at once.

The way of a file: `reading` → `checks` → `planning` → `applying`, in this order, led by `importing`; `undoing` is the way
back. pandas is imported inside functions only: these modules may be named by a web worker, never run by one.
"""
