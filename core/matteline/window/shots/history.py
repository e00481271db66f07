"""Undo and redo of what an artist does to a shot's form."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from matteline.window.form.shot_form import ShotForm

# A slider that is moved and a word that is typed are one step; the next one begins after a rest.
STEP_ENDS_AFTER_MILLISECONDS = 700
MOST_STEPS = 200


class FormHistory(QObject):
    """Notes every change of the form on the undo stack of the shot that it shows.

    Args:
        form: The form, which one shot after the other uses.
    """

    def __init__(self, form: ShotForm) -> None:
        super().__init__(form)
        self._form = form
        self._known: dict[str, str] = {}
        self._step = 0
        self.group = QUndoGroup(self)
        self._rest = QTimer(self, singleShot=True, interval=STEP_ENDS_AFTER_MILLISECONDS)
        self._rest.timeout.connect(self.end_step)
        form.edited.connect(self._note)

    def new_stack(self) -> QUndoStack:
        """Return an undo stack for another shot."""
        stack = QUndoStack(self.group)
        # Qt takes a limit only while the stack is empty.
        stack.setUndoLimit(MOST_STEPS)
        return stack

    def begin(self, stack: QUndoStack) -> None:
        """Note changes on this stack from now on, beginning with what the form shows."""
        self.end_step()
        self._known = self._form.state
        self.group.setActiveStack(stack)

    def replace_state(self, state: dict[str, str], words: str) -> None:
        """Show another state of the whole form, as one step.

        Args:
            state: As `ShotForm.state` returns it.
            words: Name of the step, for the menu.
        """
        self.end_step()
        before = self._form.state
        self._form.set_state(state)
        self._push(before, self._form.state, words)
        self.end_step()

    def adjust(self, name: str, text: str) -> None:
        """Change a field without a step to undo: the window has changed it, not the artist."""
        self._known = {**self._form.state, name: text}
        self._form.set_state(self._known)

    def end_step(self) -> None:
        """Make the next change a step of its own."""
        self._rest.stop()
        self._step += 1

    def show(self, state: dict[str, str]) -> None:
        """Show a state that undo or redo has brought back."""
        self._known = state
        self._form.set_state(state)
        self.end_step()

    def _note(self, name: str) -> None:
        after = self._form.state
        if name == "plate":
            # A shot keeps its plate: another one that is typed is opened as another shot.
            self._known = after
        elif after != self._known:
            field = self._form.field(name)
            self._push(self._known, after, name if field is None else field.label.text())
            self._rest.start()

    def _push(self, before: dict[str, str], after: dict[str, str], words: str) -> None:
        self._known = after
        if (stack := self.group.activeStack()) is not None and before != after:
            stack.push(_FormEdit(self, before, after, words, self._step))


class _FormEdit(QUndoCommand):
    """One step: the form before it and after it."""

    def __init__(
        self, history: FormHistory, before: dict[str, str], after: dict[str, str], words: str, step: int
    ) -> None:
        super().__init__(words)
        self._history, self._before, self._after, self._step = history, before, after, step
        # A stack redoes what is pushed; the form shows it already.
        self._done = True

    def id(self) -> int:
        """Commands of one id are offered to each other for merging."""
        return 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Take up a further change of the same field in the same step."""
        if not isinstance(other, _FormEdit) or (other._step, other.text()) != (self._step, self.text()):
            return False
        self._after = other._after
        return True

    def undo(self) -> None:
        """Show the form as it was before."""
        self._history.show(dict(self._before))

    def redo(self) -> None:
        """Show the form as it was after."""
        if self._done:
            self._done = False
        else:
            self._history.show(dict(self._after))
