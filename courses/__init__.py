"""Courses: authored in Wagtail, frozen into editions, learned in runs."""
