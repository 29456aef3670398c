//! Tables of text.

use std::io::{self, Write};

use anstyle::Style;

use super::style;

/// On which side the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Left: names.
    Left,
    /// Right: numbers.
    Right,
}

/// A table that is written when all of its cells are known: columns are as wide as their widest cell.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<(String, Align, Style)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without columns.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The same with one more column.
    #[must_use]
    pub(crate) fn column(mut self, title: &str, align: Align) -> Self {
        self.columns.push((title.to_owned(), align, Style::new()));
        self
    }

    /// The same, where the cells of the last column have this style.
    #[must_use]
    pub(crate) fn styled(mut self, style: Style) -> Self {
        if let Some((_, _, last)) = self.columns.last_mut() {
            *last = style;
        }
        self
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes titles and rows, each after two spaces.
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub(crate) fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let width = |index: usize, title: &str| {
            let cells = self.rows.iter().filter_map(|row| row.get(index));
            cells.map(|cell| cell.chars().count()).chain([title.chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> =
            self.columns.iter().enumerate().map(|(index, (title, ..))| width(index, title)).collect();
        let titles: Vec<String> = self.columns.iter().map(|(title, ..)| title.clone()).collect();
        let rows = std::iter::once((&titles, true)).chain(self.rows.iter().map(|row| (row, false)));
        for (row, head) in rows {
            let mut line = String::new();
            // Spaces are written before the next cell, so that no line ends in them.
            let mut spaces = 0_usize;
            for ((cell, width), (_, align, cell_style)) in row.iter().zip(&widths).zip(&self.columns) {
                let fill = width - cell.chars().count().min(*width);
                let (before, after) = if *align == Align::Right { (fill, 0) } else { (0, fill) };
                let style = if head { style::TITLE } else { *cell_style };
                if !cell.is_empty() {
                    line.push_str(&" ".repeat(spaces + 2 + before));
                    line.push_str(&format!("{style}{cell}{style:#}"));
                    spaces = after;
                } else {
                    spaces += 2 + before + after;
                }
            }
            writeln!(to, "{line}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_no_line_ends_in_spaces() {
        let mut table =
            Table::new().column("name", Align::Left).column("n", Align::Right).column("", Align::Left);
        table.row(["a".into(), "12".into(), String::new()]);
        table.row(["longer".into(), "3".into(), "x".into()]);
        let mut bytes = Vec::new();
        table.write(&mut anstream::StripStream::new(&mut bytes)).expect("memory");
        assert_eq!(String::from_utf8(bytes).expect("text"), "  name     n\n  a       12\n  longer   3  x\n");
    }
}
