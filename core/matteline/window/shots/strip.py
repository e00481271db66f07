"""The strip of open shots below the viewer: a thumbnail and a name for each, to go there with a click."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QListView,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from matteline.window.shots.open_shots import OpenShot
from matteline.window.thumbnails import draw_filling

_SHOT_ROLE = Qt.ItemDataRole.UserRole
_WIDTH, _PICTURE_HEIGHT = 118, 56
_Index = QModelIndex | QPersistentModelIndex


class ShotStrip(QListWidget):
    """One row of shots; hidden while there are none."""

    # The `OpenShot` to show.
    wanted = Signal(object)

    # The `OpenShot` to close.
    close_wanted = Signal(object)

    # The `OpenShot` whose settings the current one is to get.
    settings_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setItemDelegate(_ShotDelegate(self))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        # A line of text and the scroll bar below the picture.
        self.setFixedHeight(_PICTURE_HEIGHT + self.fontMetrics().height() + 26)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.currentItemChanged.connect(self._follow_current)
        self._filling = False
        self.hide()

    def show_shots(self, shots: Sequence[OpenShot], current: OpenShot | None) -> None:
        """Show these shots, one of them as the current one."""
        self._filling = True
        while self.count() > len(shots):
            self.takeItem(self.count() - 1)
        for row, shot in enumerate(shots):
            item = self.item(row) or QListWidgetItem(self)
            item.setData(_SHOT_ROLE, shot)
            item.setToolTip(f"{shot.footage.path}\nResults: {shot.form.get('output', '')}")
            if shot is current:
                self.setCurrentItem(item)
        self._filling = False
        self.setVisible(bool(shots))
        # A thumbnail that has come is in the same shot, for which the list sees nothing to draw anew.
        self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the current shot with the delete key."""
        if event.key() == Qt.Key.Key_Delete and (item := self.currentItem()) is not None:
            self.close_wanted.emit(item.data(_SHOT_ROLE))
        else:
            super().keyPressEvent(event)

    def _follow_current(self, item: QListWidgetItem | None) -> None:
        if item is not None and not self._filling:
            self.wanted.emit(item.data(_SHOT_ROLE))

    def _show_menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        if item is None:
            return
        shot: OpenShot = item.data(_SHOT_ROLE)
        menu = QMenu(self)
        menu.addAction("Take its settings for the current shot", lambda: self.settings_wanted.emit(shot))
        menu.addAction("Close", lambda: self.close_wanted.emit(shot))
        menu.exec(self.mapToGlobal(at))


class _ShotDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(_WIDTH, _PICTURE_HEIGHT + option.fontMetrics.height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        shot: OpenShot = index.data(_SHOT_ROLE)
        palette: QPalette = option.palette
        rect: QRect = option.rect
        painter.save()
        box = rect.adjusted(5, 4, -5, 0)
        picture = QRect(box.left(), box.top(), box.width(), _PICTURE_HEIGHT)
        painter.fillRect(picture, palette.color(QPalette.ColorRole.Mid))
        if shot.thumbnail is not None:
            draw_filling(painter, picture, shot.thumbnail)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(
                QRect(picture.left(), picture.bottom() + 1, picture.width(), 3),
                palette.color(QPalette.ColorRole.Accent),
            )
            painter.setPen(palette.color(QPalette.ColorRole.Text))
        else:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
        words = QRect(box.left(), picture.bottom() + 5, box.width(), painter.fontMetrics().height())
        name = painter.fontMetrics().elidedText(shot.name, Qt.TextElideMode.ElideMiddle, words.width())
        painter.drawText(words, Qt.AlignmentFlag.AlignHCenter, name)
        painter.restore()
