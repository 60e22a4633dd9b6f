"""What a workspace says of its shop: the name that slots show, the language it speaks."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from copilot.errors import BadRequestError

SHOP_FILE = "shop.json"


class Shop(BaseModel):
    """The shop as written in `shop.json`; unknown keys are left for other readers."""

    model_config = ConfigDict(extra="ignore")

    name: str = ""
    language: str = "zh"

    @classmethod
    def read(cls, folder: Path) -> "Shop":
        """The shop of a workspace; an unnamed one when there is no file.

        Raises:
            BadRequestError: the file is not the expected JSON.
        """
        path = folder / SHOP_FILE
        if not path.is_file():
            return cls()
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, ValidationError) as error:
            raise BadRequestError(str(path), str(error), 'JSON like {"name": "…", "language": "zh"}') from error
