"""Indonesian words for what Wagtail's own catalogue leaves in English. Nothing but words: see `locale/`."""
