"""What a person typed that cannot be done."""


class UsageError(Exception):
    """The message is the one line to print."""
