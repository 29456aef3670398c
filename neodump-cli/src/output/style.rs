//! The colours of the tool: few, and only where they say something.

use anstyle::{AnsiColor, Color, Style};

/// The head of a table, the title of a part.
pub(crate) const TITLE: Style = Style::new().bold();
/// Names of types.
pub(crate) const TYPE: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
/// What is there for completeness.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Something is right.
pub(crate) const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
/// Something is wrong.
pub(crate) const ERROR: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red))).bold();
