"""Errors of the knowledge package.

KnowledgeError
├── WorkspaceError         the workspace folder or its database is missing, too old or too new
├── ImportFileError        a whole file cannot be read (names file, and line and column where known)
├── NotFoundError          an id that no row has
├── InvalidValueError      a value that breaks a rule (names field, value, expectation)
├── StaleVersionError      somebody changed the row first
└── SearchIndexError       the index cannot serve
    ├── IndexMissingError
    └── IndexCorruptError
"""


class KnowledgeError(Exception):
    """Base of every error this package raises on purpose; the message is fit for a user."""


class WorkspaceError(KnowledgeError):
    """The workspace cannot be opened; the message says what to run."""


class ImportFileError(KnowledgeError):
    """A file cannot be read at all; nothing of it was kept."""


class NotFoundError(KnowledgeError):
    """No row has this id."""

    def __init__(self, kind: str, item_id: str) -> None:
        super().__init__(f"no {kind} has the id {item_id!r}")
        self.kind = kind
        self.item_id = item_id


class InvalidValueError(KnowledgeError):
    """A value breaks a rule."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f"{field}: got {value!r}, expected {expected}")
        self.field = field
        self.value = value
        self.expected = expected


class StaleVersionError(KnowledgeError):
    """The row has moved on since it was read."""


class SearchIndexError(KnowledgeError):
    """The index cannot serve."""


class IndexMissingError(SearchIndexError):
    """No snapshot exists yet."""


class IndexCorruptError(SearchIndexError):
    """A snapshot's files are damaged or of another version; the database is whole, so it can be built anew."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; run: copilot index build")
