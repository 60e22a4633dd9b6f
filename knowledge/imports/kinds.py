"""What can be imported."""

from enum import StrEnum


class ImportKind(StrEnum):
    """A kind of file, named as its file is, in the order in which a folder is imported."""

    PRODUCTS = "products"
    SCRIPTS = "scripts"
    CUSTOMERS = "customers"
    ORDERS = "orders"
    EVENTS = "events"
    CONVERSATIONS = "conversations"
    DOCUMENTS = "documents"
