//! What a test of completeness did.

use std::fmt;

/// What became of every field of a machine. It prints as a list.
///
/// Paths are those of errors: `vm.faces.heights[0]`, ` → cons.car` for a field of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The fields that were changed and whose change was found again.
    pub changed: Vec<String>,
    /// The fields that could not be changed, and why.
    pub not_changed: Vec<(String, String)>,
    /// The fields that are not stored as they are, and the attribute that says so.
    pub left_out: Vec<(String, String)>,
    /// The fields that the test was told to leave alone, and why.
    pub excepted: Vec<(String, String)>,
    /// The fields whose change got lost, and how.
    pub lost: Vec<(String, String)>,
    /// The fields of types, `crate::Type.field` and `crate::Type::Variant.field`, that the image has a place for and of
    /// which no change was found again, in any value: nothing was tested of them. Why not: mostly because the machine
    /// has no value of the type. Empty if the test says something of every field of every type.
    pub untested: Vec<(String, String)>,
    /// How many fields of types there are that an image has a place for.
    pub fields: usize,
}

impl Report {
    /// Whether a field was changed and found again.
    pub fn has_changed(&self, path: &str) -> bool {
        self.changed.iter().any(|changed| changed == path)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tested = self.fields.saturating_sub(self.untested.len());
        writeln!(f, "{} fields were changed and found again", self.changed.len())?;
        writeln!(f, "{tested} of the {} fields of all types are among them", self.fields)?;
        let lists = [
            ("lost", &self.lost),
            ("fields of types that nothing was tested of", &self.untested),
            ("not changed", &self.not_changed),
            ("left alone", &self.excepted),
            ("not stored", &self.left_out),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            writeln!(f, "{} {name}:", list.len())?;
            for (path, why) in list {
                writeln!(f, "  {path}: {why}")?;
            }
        }
        Ok(())
    }
}
