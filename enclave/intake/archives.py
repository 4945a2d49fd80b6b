"""Zip archives: judged by their directory before anything is inflated, read member by member."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import IO, BinaryIO

from enclave.errors import UnreadableSubmissionError
from enclave.intake.blocks import Readable
from enclave.intake.limits import MIB, IntakeLimits
from enclave.intake.refusals import refuse
from enclave.intake.sources import RATIO_JUDGED_AFTER_BYTES, ExpansionGuard

DIRECTORY_END = b"PK\x05\x06"
DIRECTORY_END_BYTES = 22
DIRECTORY_TAIL_BYTES = DIRECTORY_END_BYTES + 0xFFFF
MAX_DIRECTORY_BYTES = 16 * MIB
ENCRYPTED_FLAG = 0x1
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises on archives somebody broke, by accident or on purpose."""

_READ_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_IGNORED = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive.

    Attributes:
        position: 1-based, in the directory's order; what findings name it by.
        info: Of the directory.
    """

    position: int
    info: zipfile.ZipInfo


def _unsafe(position: int, how: str) -> UnreadableSubmissionError:
    """The refusal for a member no honest archive has."""
    return refuse(
        "intake.archive_unsafe",
        f"Entry {position} of the archive {how}.",
        remedy="Pack the plain file alone, without folders, links or passwords.",
    )


def _check_directory_size(stream: BinaryIO, limits: IntakeLimits) -> None:
    """Refuse a directory too large to be read into memory.

    Raises:
        UnreadableSubmissionError: No directory, or too many entries.
    """
    size = stream.seek(0, 2)
    stream.seek(max(size - DIRECTORY_TAIL_BYTES, 0))
    tail = stream.read(DIRECTORY_TAIL_BYTES)
    at = tail.rfind(DIRECTORY_END)
    if at < 0 or len(tail) - at < DIRECTORY_END_BYTES:
        raise refuse(
            "intake.archive_damaged",
            "The zip archive has no directory: it is cut off or damaged.",
            remedy="Send it again; compare checksums.",
        )
    entries, directory_bytes = struct.unpack_from("<HI", tail, at + 10)
    wide = entries == 0xFFFF or directory_bytes == 0xFFFFFFFF  # noqa: PLR2004  zip64 follows
    if wide:
        located = tail.rfind(b"PK\x06\x06", 0, at)
        if located >= 0:
            entries, directory_bytes = struct.unpack_from("<QQ", tail, located + 32)
    if entries > limits.max_archive_members or directory_bytes > MAX_DIRECTORY_BYTES:
        raise refuse(
            "intake.archive_members",
            f"The archive has more than {limits.max_archive_members} entries.",
            remedy="Send one file, or an archive of few.",
        )


def _check_member(member: Member, limits: IntakeLimits) -> None:
    """Refuse names that leave the archive, links, passwords, bombs by their own declaration."""
    info, position = member.info, member.position
    name = info.filename.replace("\\", "/")
    original = info.orig_filename
    if not name:
        raise _unsafe(position, "has no name")
    if "\0" in original or name.startswith("/") or _DRIVE.match(name):
        raise _unsafe(position, "has an absolute name")
    if ".." in name.split("/"):
        raise _unsafe(position, "has a name that leads out of the archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _unsafe(position, "is a link")
    if info.flag_bits & ENCRYPTED_FLAG:
        raise _unsafe(position, "is encrypted")
    if info.file_size > limits.max_uncompressed_bytes or (
        info.file_size > RATIO_JUDGED_AFTER_BYTES
        and info.file_size > limits.max_expansion_ratio * max(info.compress_size, 1)
    ):
        raise refuse(
            "intake.expansion",
            f"Entry {position} of the archive expands past {limits.max_uncompressed_bytes} bytes "
            f"or {limits.max_expansion_ratio:g} times.",
            remedy="Send the file uncompressed, or in parts.",
        )


def open_archive(stream: BinaryIO, limits: IntakeLimits) -> zipfile.ZipFile:
    """Read and judge an archive's directory.

    Raises:
        UnreadableSubmissionError: Damaged, too many entries, or an unsafe one.
    """
    _check_directory_size(stream, limits)
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
    except DAMAGE:
        raise refuse(
            "intake.archive_damaged",
            "The zip archive's directory cannot be read.",
            remedy="Send it again; compare checksums.",
        ) from None
    for position, info in enumerate(archive.infolist(), start=1):
        _check_member(Member(position, info), limits)
    return archive


def choose_member(archive: zipfile.ZipFile, pattern: str | None) -> Member:
    """The contract's member: the one the pattern names, or the only file there is.

    Raises:
        UnreadableSubmissionError: None, or more than one.
    """
    files = [
        Member(position, info)
        for position, info in enumerate(archive.infolist(), start=1)
        if not info.is_dir() and not any(part in info.filename for part in _IGNORED)
    ]
    chosen = files
    if pattern is not None:
        chosen = [
            m
            for m in files
            if fnmatchcase(m.info.filename, pattern)
            or fnmatchcase(m.info.filename.rsplit("/", 1)[-1], pattern)
        ]
    if len(chosen) == 1:
        return chosen[0]
    what = "file matches the contract's member pattern" if pattern else "file lies inside"
    raise refuse(
        "intake.archive_member",
        f"{len(chosen) or 'No'} {what} (entries: {len(files)}); exactly one is needed.",
        remedy="Send one file an archive, or name the member in the contract.",
    )


class _MemberStream:
    """Inflates a member, with the bound and the checksum kept."""

    def __init__(self, stream: IO[bytes], member: Member, limits: IntakeLimits) -> None:
        """Read from the member's first byte."""
        self._stream = stream
        self._member = member
        self._guard = ExpansionGuard(limits)

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end.

        Raises:
            UnreadableSubmissionError: Damaged, or past a bound.
        """
        try:
            output = self._stream.read(size)
        except DAMAGE:
            raise refuse(
                "intake.archive_damaged",
                f"Entry {self._member.position} of the archive is damaged.",
                remedy="Pack and send it again; compare checksums.",
            ) from None
        self._guard.check(len(output), max(self._member.info.compress_size, 1))
        return output


class ZipSource:
    """One member of a zip archive."""

    def __init__(self, archive: zipfile.ZipFile, member: Member, limits: IntakeLimits) -> None:
        """Read this member.

        Raises:
            UnreadableSubmissionError: It is packed by a method the intake does not read.
        """
        if member.info.compress_type not in _READ_METHODS:
            raise refuse(
                "intake.archive_method",
                f"Entry {member.position} of the archive is packed by a method other than deflate.",
                remedy="Pack it with the standard method (deflate), or as gzip.",
            )
        self._archive = archive
        self._member = member
        self._limits = limits

    def open(self) -> Readable:
        """Inflate the member from its first byte."""
        try:
            stream = self._archive.open(self._member.info)
        except DAMAGE:
            raise refuse(
                "intake.archive_damaged",
                f"Entry {self._member.position} of the archive cannot be opened.",
                remedy="Pack and send it again.",
            ) from None
        return _MemberStream(stream, self._member, self._limits)

    def describe(self) -> Mapping[str, str | int | bool]:
        """That it was a zip, and which entry was read."""
        return {
            "compression": "zip",
            "archive_entries": len(self._archive.infolist()),
            "archive_entry": self._member.position,
        }


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether the zip is an Office workbook rather than an archive of files."""
    names = set(archive.namelist())
    return "[Content_Types].xml" in names and any(n.startswith("xl/") for n in names)
