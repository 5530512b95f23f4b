"""The map: a square for each device. A click chooses one, a line drawn around several chooses them."""

from collections.abc import Sequence

from PyQt5 import QtCore, QtGui, QtWidgets

from tsbench.gui.palette import colours, scale
from tsbench.gui.sample.colouring import Colouring
from tsbench.gui.sample.legend import draw_look
from tsbench.gui.sample.places import DevicePlaces, Spot, neighbour, places_of
from tsbench.station.sample import SampleDevice

_MARGIN = 14  #: [pixels]
_CLICK = 6  #: [pixels] that the mouse may move in a click
_NAMED = 44  #: [pixels] of a square, from which it holds its name
_ARROWS = {QtCore.Qt.Key_Left: (-1, 0), QtCore.Qt.Key_Right: (1, 0), QtCore.Qt.Key_Up: (0, -1),
           QtCore.Qt.Key_Down: (0, 1)}
_MOST_ZOOM = 40.0


class SampleMap(QtWidgets.QWidget):
    """Draws the devices. Arrow keys go to the neighbour, Space adds to the choice, Enter measures."""

    current_changed = QtCore.pyqtSignal(str)  #: name of the device with the frame
    choice_changed = QtCore.pyqtSignal()
    measure_wanted = QtCore.pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(QtCore.Qt.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 240)
        self.setAccessibleName("Map of the devices")
        self.current = ""
        self.chosen: set[str] = set()
        self.found: set[str] | None = None  #: devices that a search has found; None: no search
        self._devices: dict[str, SampleDevice] = {}
        self._places = DevicePlaces((), (), (0.0, 0.0, 1.0, 1.0))
        self._colouring = Colouring((), ())
        self._path: list[QtCore.QPointF] = []  # of the mouse while its button is down
        self._zoom, self._shift = 1.0, QtCore.QPointF(0.0, 0.0)

    def show_devices(self, devices: Sequence[SampleDevice], how: Colouring) -> None:
        """Show devices and their looks; the choice stays where its devices are still there."""
        names = {one.name: one for one in devices}
        if list(names) != list(self._devices) or [one.place for one in devices] != [
                one.place for one in self._devices.values()]:
            self._places = places_of(devices)
            self._zoom, self._shift = 1.0, QtCore.QPointF(0.0, 0.0)
        self._devices, self._colouring = names, how
        self.chosen &= set(names)
        if self.current not in names:
            self.go_to(next(iter(names), ""))
        self.update()

    def go_to(self, name: str) -> None:
        """Put the frame on a device."""
        if name != self.current:
            self.current = name
            self.update()
            self.current_changed.emit(name)

    def choose(self, names: Sequence[str]) -> None:
        """Choose these devices, and no others."""
        self.chosen = set(names) & set(self._devices)
        self.update()
        self.choice_changed.emit()

    def show_found(self, names: Sequence[str] | None) -> None:
        """Show which devices a search has found: the others are drawn faintly."""
        self.found = None if names is None else set(names)
        self.update()

    def box_of(self, name: str) -> QtCore.QRectF:
        """Return where a device is drawn [pixels]."""
        return self._box(next(spot for spot in self._places.spots if spot.name == name))

    def at(self, place: QtCore.QPointF) -> str:
        """Return the device at a place of the widget, "" where there is none."""
        x, y = self._back(place)
        return next((spot.name for spot in self._places.spots if spot.holds(x, y)), "")

    # -------------------------------------------------------------------------------------------- places

    def _scale(self) -> tuple[float, float, float]:
        """Return pixels per unit, and the pixel of the origin."""
        left, top, width, height = self._places.box
        room_x, room_y = self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN
        fit = max(min(room_x / width, room_y / height), 1.0)
        scale = fit * self._zoom
        x = _MARGIN + (room_x - fit * width) / 2 - scale * left + self._shift.x()
        y = _MARGIN + (room_y - fit * height) / 2 - scale * top + self._shift.y()
        return scale, x, y

    def _box(self, spot: Spot) -> QtCore.QRectF:
        scale, x, y = self._scale()
        return QtCore.QRectF(x + scale * spot.x, y + scale * spot.y, scale * spot.side, scale * spot.side)

    def _back(self, place: QtCore.QPointF) -> tuple[float, float]:
        scale, x, y = self._scale()
        return (place.x() - x) / scale, (place.y() - y) / scale

    # ------------------------------------------------------------------------------------------- drawing

    def paintEvent(self, event: QtGui.QPaintEvent | None) -> None:  # noqa: N802  Qt's name
        """Draw the dies, the devices, the choice and the line of the mouse."""
        painter = QtGui.QPainter(self)
        shown = colours()
        painter.fillRect(self.rect(), QtGui.QColor(shown.field))
        scale, x, y = self._scale()
        painter.setPen(QtGui.QPen(QtGui.QColor(shown.border), 1))
        painter.setBrush(QtCore.Qt.NoBrush)
        for column, row in self._places.dies:
            painter.drawRect(QtCore.QRectF(x + scale * column, y - scale * row, scale, scale))
        for spot, look in zip(self._places.spots, self._colouring.looks, strict=False):
            box = QtCore.QRectF(x + scale * spot.x, y + scale * spot.y, scale * spot.side, scale * spot.side)
            painter.setOpacity(1.0 if self.found is None or spot.name in self.found else 0.18)
            draw_look(painter, box, look)
            if box.width() >= _NAMED:
                _write_name(painter, box, spot.name)
            if spot.name in self.chosen:
                painter.setPen(QtGui.QPen(QtGui.QColor(shown.text), 2))
                painter.setBrush(QtCore.Qt.NoBrush)
                painter.drawRect(box.adjusted(1, 1, -1, -1))
            if spot.name == self.current:
                painter.setOpacity(1.0)
                painter.setPen(QtGui.QPen(QtGui.QColor(shown.accent), 3 if self.hasFocus() else 2))
                painter.setBrush(QtCore.Qt.NoBrush)
                painter.drawRect(box.adjusted(-3, -3, 3, 3))
        painter.setOpacity(1.0)
        if len(self._path) > 1:
            painter.setPen(QtGui.QPen(QtGui.QColor(shown.accent), 1, QtCore.Qt.DashLine))
            painter.drawPolyline(QtGui.QPolygonF(self._path))
        if not self._devices:
            painter.setPen(QtGui.QColor(shown.dim))
            painter.drawText(self.rect(), QtCore.Qt.AlignCenter, "Open a bench file to see its devices")

    # ----------------------------------------------------------------------------------- mouse and keyboard

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:  # noqa: N802  Qt's name
        """Begin a click or a line."""
        if event is not None and event.button() == QtCore.Qt.LeftButton:
            self._path = [event.localPos()]

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:  # noqa: N802  Qt's name
        """Draw the line; without a button, say which device is under the mouse."""
        if event is None:
            return
        if self._path:
            self._path.append(event.localPos())
            self.update()
        else:
            self.setToolTip(self._words_of(self.at(event.localPos())))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent | None) -> None:  # noqa: N802  Qt's name
        """Choose the device under the mouse, or those within the line. Ctrl and Shift keep the others."""
        if event is None or not self._path:
            return
        path, self._path = self._path, []
        keep = bool(event.modifiers() & (QtCore.Qt.ControlModifier | QtCore.Qt.ShiftModifier))
        box = QtGui.QPolygonF(path).boundingRect()
        if max(box.width(), box.height()) <= _CLICK:
            if name := self.at(path[0]):
                self.go_to(name)
                self.choose([*(self.chosen ^ {name})] if keep else [name])
            elif not keep:
                self.choose([])
        else:
            area = QtGui.QPolygonF(path)
            inside = [spot.name for spot in self._places.spots
                      if area.containsPoint(self._box(spot).center(), QtCore.Qt.OddEvenFill)]
            self.choose([*inside, *(self.chosen if keep else ())])
            if inside:
                self.go_to(inside[0])
        self.update()

    def mouseDoubleClickEvent(self, event: QtGui.QMouseEvent | None) -> None:  # noqa: N802  Qt's name
        """Measure the device under the mouse."""
        if event is not None and (name := self.at(event.localPos())):
            self.measure_wanted.emit(name)

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:  # noqa: N802  Qt's name
        """Zoom at the mouse."""
        if event is None:
            return
        before = self._back(event.position())
        self._zoom = min(max(self._zoom * 1.2 ** (event.angleDelta().y() / 120), 1.0), _MOST_ZOOM)
        if self._zoom == 1.0:
            self._shift = QtCore.QPointF(0.0, 0.0)
        else:
            scale, x, y = self._scale()
            moved = QtCore.QPointF(x + scale * before[0], y + scale * before[1]) - event.position()
            self._shift -= moved
        self.update()

    def keyPressEvent(self, event: QtGui.QKeyEvent | None) -> None:  # noqa: N802  Qt's name
        """Go to a neighbour, choose, or measure."""
        if event is None:
            return
        if event.key() in _ARROWS:
            name = neighbour(self._places.spots, self.current, *_ARROWS[event.key()])
            self.go_to(name)
            self.choose([*self.chosen, name] if event.modifiers() & QtCore.Qt.ShiftModifier else [name])
        elif event.key() == QtCore.Qt.Key_Space and self.current:
            self.choose([*(self.chosen ^ {self.current})])
        elif event.key() in {QtCore.Qt.Key_Return, QtCore.Qt.Key_Enter} and self.current:
            self.measure_wanted.emit(self.current)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QtGui.QFocusEvent | None) -> None:  # noqa: N802  Qt's name
        """Show the focus."""
        super().focusInEvent(event)
        self.update()

    def _words_of(self, name: str) -> str:
        one = self._devices.get(name)
        if one is None:
            return ""
        place = f" at {', '.join(map(str, one.place))}" if one.place else ""
        return f"{one.name}{place}\n{one.state}, {one.runs} run{'s' * (one.runs != 1)}"


def _write_name(painter: QtGui.QPainter, box: QtCore.QRectF, name: str) -> None:
    brush = painter.brush()
    dark = brush.style() != QtCore.Qt.NoBrush and brush.color().lightnessF() <= 0.45
    filled = brush.style() != QtCore.Qt.NoBrush
    painter.setPen(QtGui.QColor("#ffffff" if dark else "#000000" if filled else colours().text))
    font = painter.font()
    font.setPixelSize(round(11 * scale()))
    painter.setFont(font)
    words = painter.fontMetrics().elidedText(name, QtCore.Qt.ElideMiddle, int(box.width()) - 4)
    painter.drawText(box.adjusted(2, 2, -2, -2), QtCore.Qt.AlignLeft | QtCore.Qt.AlignTop, words)
