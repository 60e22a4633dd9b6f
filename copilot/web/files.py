"""The console's own scripts and styles."""

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class FreshFiles(StaticFiles):
    """Files that browsers keep but ask about each time, so that an upgrade reaches every page at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 304 when the browser has it."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
