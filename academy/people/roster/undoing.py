"""Taking an import back."""


class CannotUndo(Exception):
    """Something was built on the import meanwhile; the message says what."""
