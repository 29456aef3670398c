//! What changed between two schema texts.

/// The longest list of changes that an error shows.
const MOST: usize = 40;

/// The changes from `old` to `new`, each with the type that it is in: `- ` before what is gone,
/// `+ ` before what is new.
pub fn diff(old: &str, new: &str) -> Vec<String> {
    let old = blocks(old);
    let new = blocks(new);
    let mut changes = Vec::new();
    for (name, lines) in &new {
        match old.iter().find(|(known, _)| known == name) {
            None => changes.push(format!("+ {name}")),
            Some((_, before)) if before == lines => {}
            Some((_, before)) => {
                let gone = before.iter().filter(|line| !lines.contains(line)).map(|line| ('-', line));
                let come = lines.iter().filter(|line| !before.contains(line)).map(|line| ('+', line));
                let mut any = false;
                for (sign, line) in gone.chain(come) {
                    any = true;
                    changes.push(format!("{name}: {sign} {}", line.trim()));
                }
                if !any {
                    changes.push(format!("{name}: its fields are in another order"));
                }
            }
        }
    }
    changes.extend(
        old.iter()
            .filter(|(name, _)| !new.iter().any(|(known, _)| known == name))
            .map(|(name, _)| format!("- {name}")),
    );
    if changes.len() > MOST {
        let more = changes.len() - MOST;
        changes.truncate(MOST);
        changes.push(format!("and {more} more"));
    }
    changes
}

/// The types of a schema text: the name, and all lines of the block (the first one without the name).
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines() {
        if line.starts_with(' ') {
            if let Some((_, lines)) = blocks.last_mut() {
                lines.push(line);
            }
        } else {
            let (head, tail) = line.split_once(": ").unwrap_or((line, ""));
            let head = [" section ", " object "]
                .iter()
                .fold(head, |head, end| head.split(end).next().unwrap_or(head));
            blocks.push((head, vec![tail]));
        }
    }
    blocks
}
