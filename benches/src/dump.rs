//! What a dump costs, by the object.

use std::path::Path;

use crate::child::{Failure, run};
use crate::grow::{EMACS_CONSES, Shape};
use crate::row::{Bound, Row, median};

/// How many machines are made and dumped, each in a process of its own.
const TIMES: usize = 9;

/// All rows.
pub(crate) fn rows(folder: &Path, show: &mut dyn FnMut(Row)) -> Result<(), Failure> {
    let path = folder.join("emacs");
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); 5];
    let (mut objects, mut bytes) = (0.0, 0.0);
    for _ in 0..TIMES {
        let numbers = run(&["make", Shape::Emacs.name(), &EMACS_CONSES.to_string()], &path)?;
        let [all, trace, emit, checksum, write, len] = numbers[..] else {
            return Err("six numbers expected".into());
        };
        (objects, bytes) = (all, len);
        for (column, value) in columns.iter_mut().zip([trace, emit, checksum, write, trace + emit + checksum])
        {
            column.push(value / all);
        }
    }
    show(Row::new("memory.latency", run(&["latency"], folder)?[0], "ns", Bound::None));
    show(Row::new("dump.objects", objects, "objects", Bound::None));
    show(Row::new("dump.image", bytes / f64::from(1 << 20), "MiB", Bound::None));
    let names = ["dump.trace", "dump.emit", "dump.checksum", "dump.write", "dump.trace_emit_checksum"];
    for (name, column) in names.into_iter().zip(columns) {
        let bound = if name == "dump.trace_emit_checksum" { Bound::Most(40.0) } else { Bound::None };
        show(Row::new(name, median(column), "ns/obj", bound));
    }
    Ok(())
}
