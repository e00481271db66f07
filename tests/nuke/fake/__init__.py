"""A strict stand-in for Nuke, written from what is known of Nuke and not from what the plug-in needs.

`FakeNuke` is one session of the program; its `module` is what `import nuke` gives. Whatever is not known to
exist raises, what is known to go wrong in Nuke goes wrong here, and what nobody knows is refused. SOURCES.md
says for each behaviour where it comes from and how sure that is.

What a plug-in may swallow, such as an edit from a wrong thread, is also kept in `FakeNuke.offences`.
"""

from __future__ import annotations

from tests.nuke.fake.host import FakeNuke
from tests.nuke.fake.picture import Format, Picture, Window

__all__ = ["FakeNuke", "Format", "Picture", "Window"]
