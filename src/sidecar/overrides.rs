//! Environment variables that override keys: `BATON__CHAT__MOST_SOCKETS` is `chat.most_sockets`.
//!
//! Each is written into the document as a reference to itself, `{ env = "BATON__…" }`, in place
//! of what stands there. What it holds is read where the key is read, as by any reference.

use toml::{Table, Value};

use crate::{configuration::ConfigurationProblem, reference::is_variable};

/// With what the names of such variables begin.
const PREFIX: &str = "BATON__";

/// What stands between the parts of such a name.
const BETWEEN: &str = "__";

/// A step on the way to a key.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    /// To a place in a list, counted from 0.
    Place(usize),
    /// To a key in a section.
    Key(String),
}

/// Writes a reference to each variable that overrides a key under that key.
pub(crate) fn write(
    document: Table,
    variables: Vec<String>,
) -> Result<Table, ConfigurationProblem> {
    let mut overrides = Vec::new();
    for variable in variables {
        let Some(parts) = variable.strip_prefix(PREFIX) else { continue };
        if !is_variable(&variable) {
            return Err(no_key(&variable));
        }
        let parts: Vec<Part> = parts.split(BETWEEN).map(part).collect();
        overrides.push((parts, variable));
    }
    // A list grows place by place.
    overrides.sort();
    let mut root = Value::Table(document);
    for (parts, variable) in &overrides {
        write_one(&mut root, parts, variable)?;
    }
    match root {
        Value::Table(document) => Ok(document),
        _ => Ok(Table::new()),
    }
}

fn part(text: &str) -> Part {
    text.parse().map_or_else(|_| Part::Key(text.to_ascii_lowercase()), Part::Place)
}

fn write_one(
    value: &mut Value,
    parts: &[Part],
    variable: &str,
) -> Result<(), ConfigurationProblem> {
    let Some((part, rest)) = parts.split_first() else {
        *value = Value::Table(Table::from_iter([("env".to_owned(), variable.into())]));
        return Ok(());
    };
    let next = match (value, part) {
        (Value::Table(section), Part::Key(key)) => {
            section.entry(key.clone()).or_insert_with(|| nothing_before(rest))
        }
        (Value::Array(list), Part::Place(place)) => {
            if *place == list.len() {
                list.push(nothing_before(rest));
            }
            let free = list.len();
            list.get_mut(*place).ok_or_else(|| {
                let problem =
                    format!("leaves out a place of its list; the next free one is {free}");
                ConfigurationProblem::new(variable, problem)
            })?
        }
        _ => return Err(no_key(variable)),
    };
    write_one(next, rest, variable)
}

/// What holds the next part of the way where the document has nothing.
fn nothing_before(rest: &[Part]) -> Value {
    match rest.first() {
        Some(Part::Place(_)) => Value::Array(Vec::new()),
        Some(Part::Key(_)) | None => Value::Table(Table::new()),
    }
}

/// Checks that no variable was written into the value, which is none that a variable can give.
pub(crate) fn check_none_in(value: &Value) -> Result<(), ConfigurationProblem> {
    match value {
        Value::Table(section) => {
            check_is_section(section)?;
            section.values().try_for_each(check_none_in)
        }
        Value::Array(list) => list.iter().try_for_each(check_none_in),
        _ => Ok(()),
    }
}

/// Checks that no variable was written in the place of the section.
pub(crate) fn check_is_section(section: &Table) -> Result<(), ConfigurationProblem> {
    match section.get("env").and_then(Value::as_str) {
        Some(variable) if variable.starts_with(PREFIX) => Err(no_key(variable)),
        _ => Ok(()),
    }
}

fn no_key(variable: &str) -> ConfigurationProblem {
    let problem = "names no key of the configuration; correct the name of this environment \
                   variable or unset it";
    ConfigurationProblem::new(variable, problem)
}
