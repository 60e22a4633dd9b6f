"""ZIP archives, which XLSX and DOCX files are: is it the right one, and of an honest size."""

import zipfile
from pathlib import Path

from knowledge.errors import ImportFileError

MAX_UNPACKED_BYTES = 2 << 30
MAX_PACKING = 400
"""Real sheets of numbers pack about tenfold, very repetitive ones about a hundredfold; a ZIP bomb a thousandfold."""
SMALL_BYTES = 50 << 20


def require_archive(path: Path, member: str, expected: str, *, max_bytes: int = MAX_UNPACKED_BYTES) -> None:
    """Refuse what is not a ZIP archive holding `member`, or unpacks to far more than a real document would.

    Raises:
        ImportFileError: it is refused.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise ImportFileError(
            f"{path.name}: expected {expected}; this is none, or of an old format, or protected by a password ({error})"
        ) from error
    if member not in {each.filename for each in members}:
        raise ImportFileError(f"{path.name}: expected {expected}, this is another kind of ZIP file")
    _require_honest_size(path, sum(each.file_size for each in members), max_bytes)


def _require_honest_size(path: Path, unpacked: int, max_bytes: int) -> None:
    packed = max(path.stat().st_size, 1)
    if unpacked > max_bytes or (unpacked > SMALL_BYTES and unpacked > MAX_PACKING * packed):
        raise ImportFileError(
            f"{path.name}: {packed:,} bytes would unpack to {unpacked:,}, "
            f"expected at most {max_bytes:,} bytes and a factor of {MAX_PACKING}"
        )
