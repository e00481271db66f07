"""MkDocs hook: README, CONTRIBUTING and CHANGELOG, which lie beside docs/, as pages of the site."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

ROOT = Path(__file__).resolve().parent.parent
# Path in the repository: page of the site.
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
# Neither addresses such as https: nor places of the same page, which are right as they are.
LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that lie beside docs/."""
    from mkdocs.structure.files import File

    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Lead each link, which is right in the repository, to the same page of the site."""
    beside_docs = {page: source for source, page in PAGES.items()}
    uri = page.file.src_uri
    source = PurePosixPath(beside_docs.get(uri, f"docs/{uri}"))

    def on_site(link: re.Match[str]) -> str:
        target = normpath(source.parent / link[1])
        place = PAGES.get(target, target.removeprefix("docs/"))
        return relpath(place, PurePosixPath(uri).parent.as_posix())

    return LINK.sub(on_site, markdown)
