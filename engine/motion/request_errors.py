"""The one error of requests that cannot be served: what is wrong, and what cures it."""


class RequestError(ValueError):
    """A request that cannot be served: what is wrong, and what cures it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy
