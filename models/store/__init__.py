"""Models that can be switched on and off: versioned folders, and a small file that says which of them serve.

`ModelStore` is the way in. The words of this package:

- **artefact**: a folder that serves once it is promoted, such as a trained encoder or a policy; never changed in here.
- **kind**: what an artefact is for: encoder, ranker or recommender.
- **version**: twelve hexadecimal digits made from the content of all files; the same content is the same version.
- **line**: the versions promoted one after the other and not rolled back, the last of which serves; an empty line means
  what is built in.
- **shadow**: an artefact that works silently beside the one that serves.
- **check**: loads an artefact with the code that will serve it and gives its name; handed in by whoever has that code.

Files only: nothing here knows what is in an artefact. Importing this package loads no model and no lock.
"""

from models.store.artefact import Artefact, Kind
from models.store.standing import Standing, Switch
from models.store.store import ModelStore

__all__ = ["Artefact", "Kind", "ModelStore", "Standing", "Switch"]
