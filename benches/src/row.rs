//! What is reported: one row a measurement.

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bound {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
    /// Anything: the value explains others.
    None,
}

/// One measurement.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    pub(crate) bound: Bound,
}

impl Row {
    /// A measurement with its bound.
    pub(crate) fn new(name: &'static str, value: f64, unit: &'static str, bound: Bound) -> Self {
        Self { name, value, unit, bound }
    }

    /// Whether the value keeps the bound.
    pub(crate) fn pass(&self) -> bool {
        match self.bound {
            Bound::Most(bound) => self.value <= bound,
            Bound::Least(bound) => self.value >= bound,
            Bound::None => true,
        }
    }

    /// The row as one JSON object; the bound of a row without one is null.
    pub(crate) fn json(&self) -> String {
        let bound = match self.bound {
            Bound::Most(bound) | Bound::Least(bound) => bound.to_string(),
            Bound::None => "null".to_owned(),
        };
        let relation = match self.bound {
            Bound::Most(_) => "\"<=\"",
            Bound::Least(_) => "\">=\"",
            Bound::None => "null",
        };
        format!(
            "{{\"name\":\"{}\",\"value\":{},\"unit\":\"{}\",\"relation\":{relation},\"bound\":{bound},\"pass\":{}}}",
            self.name,
            self.value,
            self.unit,
            self.pass()
        )
    }

    /// The row as a line of a table.
    pub(crate) fn line(&self) -> String {
        let verdict = match self.bound {
            Bound::None => String::new(),
            Bound::Most(bound) => format!("at most {bound:<8} {}", if self.pass() { "pass" } else { "MISS" }),
            Bound::Least(bound) => {
                format!("at least {bound:<7} {}", if self.pass() { "pass" } else { "MISS" })
            }
        };
        let value = match self.value {
            value if value.fract() == 0.0 => format!("{value:.0}"),
            value if value < 100.0 => format!("{value:.2}"),
            value => format!("{value:.1}"),
        };
        format!("{:<44} {value:>12} {:<8} {verdict}", self.name, self.unit).trim_end().to_owned()
    }
}

/// The median.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[len / 2],
        len => (values[len / 2 - 1] + values[len / 2]) / 2.0,
    }
}
