"""The application's style sheet, with the names of colours and sizes in place of their values."""

from __future__ import annotations

STYLESHEET = """
QMainWindow, QWidget#canvasColumn { background: $window; }
QToolTip { background: $field; color: $text; border: 1px solid $border; padding: 4px 6px; }

QMenuBar { background: $panel; color: $text; padding: 2px 8px; }
QMenuBar::item { padding: 4px 10px; border-radius: 5px; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $panel; color: $text; border: 1px solid $border; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 24px; border-radius: 5px; }
QMenu::item:selected { background: $hover; }
QMenu::item:disabled { color: $faint; }
QMenu::separator { height: 1px; background: $border; margin: 5px 8px; }

QFrame#topBar { background: $panel; border: none; border-top: 1px solid $border; border-bottom: 1px solid $border; }
QFrame#sidePanel { background: $panel; border: none; border-left: 1px solid $border; }
QFrame#statusLine { background: $panel; border: none; border-top: 1px solid $border; }
QFrame#positionPanel {
    background: $panel; border: none; border-left: 1px solid $border; border-top: 1px solid $border;
}
QFrame#sidePanel QScrollArea, QWidget#fields { background: transparent; border: none; }
QStatusBar { background: $panel; }
QStatusBar::item { border: none; }
QFrame#card { background: $panel; border: 1px solid $border; border-radius: 10px; }
QFrame#banner { background: $error_fill; border: 1px solid $error; border-radius: 8px; }

QLabel { background: transparent; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="help"] { color: $muted; font-size: $small_px; }
QLabel[role="section"] { color: $muted; font-size: 11px; font-weight: 600; letter-spacing: 1px; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="chip"] { background: $field; border: 1px solid $border; border-radius: 8px; padding: 0 11px; }

QPushButton, QToolButton {
    background: $field; color: $text; border: 1px solid $border; border-radius: 8px;
    padding: 0 12px; min-height: 30px;
}
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $border; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; padding: 0 11px; min-height: 28px; }
QPushButton:disabled, QToolButton:disabled { color: $faint; background: transparent; }
QPushButton[kind="primary"] {
    background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; padding: 0 18px;
}
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; padding: 0 17px; }
QPushButton[kind="primary"]:disabled { background: $hover; border-color: $border; color: $muted; }
QToolButton[kind="quiet"], QToolButton[kind="toggle"] {
    background: transparent; border: 1px solid transparent; padding: 0 6px; min-height: 26px; border-radius: 6px;
}
QToolButton[kind="quiet"]:hover, QToolButton[kind="toggle"]:hover { background: $hover; }
QToolButton[kind="quiet"]:focus, QToolButton[kind="toggle"]:focus {
    border: 2px solid $accent; padding: 0 5px; min-height: 24px;
}
QToolButton[kind="disclosure"] {
    background: transparent; border: 2px solid transparent; padding: 0 4px; min-height: 26px; border-radius: 6px;
    color: $muted; text-align: left;
}
QToolButton[kind="disclosure"]:hover { color: $text; }
QToolButton[kind="disclosure"]:focus { border: 2px solid $accent; }
QToolButton::menu-indicator { image: none; width: 0; }

QComboBox, QAbstractSpinBox {
    background: $field; color: $text; border: 1px solid $border; border-radius: 8px; min-height: 30px;
    padding: 0 10px; selection-background-color: $accent; selection-color: $on_accent;
}
QComboBox:hover, QAbstractSpinBox:hover { border-color: $strong_border; }
QComboBox:focus, QAbstractSpinBox:focus { border: 2px solid $accent; min-height: 28px; padding: 0 9px; }
QComboBox::drop-down { border: none; width: 0; }
QComboBox QAbstractItemView {
    background: $panel; color: $text; border: 1px solid $border; padding: 4px; outline: none;
    selection-background-color: $hover; selection-color: $text;
}

QSlider { min-height: 22px; background: transparent; }
QSlider::groove:horizontal { height: 4px; background: $mask_edge; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
    background: $panel; border: 2px solid $accent; width: 12px; height: 12px; margin: -6px 0; border-radius: 8px;
}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled { background: $mask_edge; }
QSlider::handle:horizontal:disabled { border-color: $mask_edge; }

QAbstractSpinBox { padding: 0; }
QAbstractSpinBox:focus { padding: 0; }
QAbstractSpinBox QLineEdit { background: transparent; border: none; min-height: 0; padding: 0; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 24px; border: none; background: transparent; }
QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow { image: none; width: 0; height: 0; }

QLineEdit {
    background: $field; color: $text; border: 1px solid $border; border-radius: 8px; min-height: 30px; padding: 0 8px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QLineEdit:focus { border: 2px solid $accent; min-height: 28px; padding: 0 7px; }
QTableView {
    background: $panel; color: $text; border: 1px solid $border; border-radius: 8px; outline: none;
    selection-background-color: $selection; selection-color: $text;
}
QHeaderView::section {
    background: $panel; color: $muted; border: none; border-bottom: 1px solid $border; padding: 6px 8px;
}
QTableCornerButton::section { background: $panel; border: none; }
QListView { background: transparent; border: none; outline: none; }
QListWidget::item { padding: 7px 10px; border-radius: 6px; color: $text; }
QListWidget::item:hover { background: $hover; }
QListWidget::item:selected { background: $selection; color: $text; }

QDockWidget { color: $muted; }
QDockWidget > QWidget { background: $panel; }
QDockWidget::title { background: $panel; padding: 7px 16px; border-top: 1px solid $border; text-align: left; }
QDockWidget::close-button, QDockWidget::float-button {
    border: none; border-radius: 4px; padding: 0; right: 14px; top: 5px;
}
QDockWidget::float-button { right: 40px; }
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: $hover; }
QDockWidget QScrollArea, QDockWidget QScrollArea > QWidget > QWidget { background: transparent; }
QMainWindow > QTabBar { background: $panel; }
QTabBar::tab {
    background: $panel; color: $muted; border: none; border-bottom: 2px solid transparent; padding: 6px 16px;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { background: $hover; }
QMainWindow::separator { background: $border; width: 1px; height: 3px; }
QMainWindow::separator:hover { background: $accent; }

QPlainTextEdit {
    background: $field; color: $text; border: 1px solid $border; border-radius: 8px; padding: 6px 8px;
    selection-background-color: $accent; selection-color: $on_accent;
}
QTextEdit#reading { background: transparent; color: $text; border: none; font-size: 16px; }
QAbstractSpinBox:disabled, QComboBox:disabled, QLineEdit:disabled { color: $faint; background: transparent; }
QPlainTextEdit:focus { border: 2px solid $accent; padding: 5px 7px; }

QProgressBar { background: $mask; border: none; border-radius: 2px; min-height: 4px; max-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }

QScrollBar:vertical { background: transparent; width: 12px; margin: 2px; }
QScrollBar::handle:vertical { background: $strong_border; border-radius: 4px; min-height: 32px; }
QScrollBar::handle:vertical:hover { background: $faint; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollBar:horizontal { background: transparent; height: 12px; margin: 2px; }
QScrollBar::handle:horizontal { background: $strong_border; border-radius: 4px; min-width: 32px; }
"""
