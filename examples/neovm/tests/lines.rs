//! The documents say how many lines the dump costs, and the script counts them.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

/// How far a document may be behind the code, in lines: it follows, but not with every attribute.
const BEHIND: u32 = 15;

#[test]
fn the_lines_that_the_documents_name_are_those_of_the_script() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let counted = Command::new("bash").arg(folder.join("count-lines.sh")).output().unwrap();
    let (told, wrong) = (String::from_utf8_lossy(&counted.stdout), String::from_utf8_lossy(&counted.stderr));
    assert!(counted.status.success() && wrong.is_empty(), "{wrong}");
    let last_number = |line: &str| -> u32 {
        let digits = |c: char| !c.is_ascii_digit();
        line.rsplit(digits).find(|number| !number.is_empty()).unwrap().parse().unwrap()
    };
    let table = std::fs::read_to_string(folder.join("../../docs/migration.md")).unwrap();
    let table = table.split("## What is left to write").nth(1).unwrap();
    let mut sum = 0;
    for line in told.lines() {
        let (name, counted) = (line.split(' ').next().unwrap(), last_number(line));
        let row = table
            .lines()
            .find(|row| row.trim_start_matches(['|', '*', ' ']).starts_with(name))
            .unwrap_or_else(|| panic!("docs/migration.md has no row for {name}"));
        assert!(last_number(row).abs_diff(counted) <= BEHIND, "{name} are {counted} lines: {row}");
        sum = counted;
    }
    let readme = std::fs::read_to_string(folder.join("../../README.md")).unwrap();
    let row = readme.lines().find(|line| line.contains("<!-- real.code -->")).unwrap();
    assert!(last_number(row).abs_diff(sum) <= BEHIND, "it is {sum} lines: {row}");
}
