"""The one exception of this folder: its text says what happened, why, and what to do, in one line."""


class BuildError(Exception):
    """A lock or an environment cannot be made as asked. The message is for the operator, as it is."""
