"""The document that a window shows, where its title says so."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_SUFFIXES: Final[tuple[re.Pattern[str], ...]] = tuple(
    re.compile(rf"^\*?(?P<name>.+?)(?: \[[^\]]*\])? [-–—] (?:{application})$")
    for application in (
        r"LibreOffice (?:Writer|Calc|Impress|Draw|Math|Base)",
        r"OpenOffice (?:Writer|Calc|Impress|Draw|Math|Base)",
        r"(?:Microsoft )?(?:Word|Excel|PowerPoint|Visio|Publisher)",
        r"(?:GNU Image Manipulation Program|GIMP|Inkscape|Krita)",
        r"(?:gedit|Text Editor|Kate|KWrite|Okular|Gwenview|Notepad|Notepad\+\+|Mousepad|Pluma|Xed)",
        r"(?:Adobe Acrobat(?: Reader)?(?: DC)?|Foxit Reader|Document Viewer|Evince|Xreader)",
    )
)
_EDITOR: Final = re.compile(
    r"^[●*]?\s*(?P<name>[^/\\]+\.\w{1,8}) [-–—] .+ [-–—] (?:Visual Studio Code|VSCodium|Sublime Text)$"
)
_FILE: Final = re.compile(
    r"^\*?(?P<name>[^/\\:*?\"<>|]{1,200}\.(?:odt|ods|odp|odg|docx?|xlsx?|pptx?|pdf|rtf|csv|dwg|psd|xcf|svg|md|tex))$",
    re.IGNORECASE,
)
_VIEWERS: Final = frozenset(
    ("evince", "xreader", "okular", "zathura", "mupdf", "atril", "eog", "gthumb", "org.gnome.evince")
)


@lru_cache(maxsize=4096)
def document_of(app: str, title: str) -> str:
    """Return the name of the document in the title, or "" where it is not obvious.

    Args:
        app: the application as the desktop names it.
        title: the window's title.
    """
    for pattern in (*_SUFFIXES, _EDITOR):
        match = pattern.match(title)
        if match is not None:
            return match["name"].strip()
    match = _FILE.match(title)
    if match is not None and app.lower() in _VIEWERS:
        return match["name"].strip()
    return ""
