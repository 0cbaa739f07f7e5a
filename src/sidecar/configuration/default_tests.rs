//! That every key which the default configuration shows can be overridden by the environment.

use super::*;

/// A section of the default configuration as it is shown. A `# ` before a line is one level: a
/// section that is there by default has none, the example of a tenant has one, and what may be
/// added to that has two.
struct Shown {
    level: usize,
    header: &'static str,
    keys: Vec<ShownKey>,
}

struct ShownKey {
    level: usize,
    name: &'static str,
    line: &'static str,
}

fn shown() -> Vec<Shown> {
    let mut sections: Vec<Shown> = Vec::new();
    for line in default_configuration().lines() {
        let (level, line) = uncommented(line);
        if line.starts_with('[') && line.ends_with(']') {
            sections.push(Shown { level, header: line, keys: Vec::new() });
        } else if let Some((name, _)) = line.split_once(" = ").filter(|(name, _)| is_key(name)) {
            let section = sections.last_mut().expect("a section comes first");
            section.keys.push(ShownKey { level, name, line });
        }
    }
    sections
}

fn uncommented(line: &str) -> (usize, &str) {
    match line.strip_prefix("# ") {
        Some(rest) => {
            let (level, rest) = uncommented(rest);
            (level + 1, rest)
        }
        None => (0, line),
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

impl Shown {
    /// With what the variables begin that override its keys, where it is the first of its list.
    fn variables(&self) -> String {
        let path = self.header.trim_matches(['[', ']']).to_uppercase().replace('.', "__");
        let path = path.replacen("TENANTS", "TENANTS__0", 1);
        let is_list_of_a_tenant = self.header.starts_with("[[tenants.");
        format!("BATON__{path}{}", if is_list_of_a_tenant { "__0" } else { "" })
    }

    /// Whether it stands in a configuration with a tenant, before anything is added.
    fn is_usual(&self) -> bool {
        let is_of_tenant = self.header.trim_matches('[').starts_with("tenants");
        self.level == 0 || (is_of_tenant && self.level == 1)
    }

    /// The section with the keys that stand in it where it stands.
    fn text(&self) -> String {
        let keys = self.keys.iter().filter(|key| key.level == self.level);
        let lines = keys.map(|key| format!("{}\n", key.line));
        format!("{}\n{}", self.header, lines.collect::<String>())
    }
}

/// The default's own secrets are all there; one variable that overrides is named, and not set.
struct WithUnset<'a>(&'a str);

impl Surroundings for WithUnset<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            name if name == self.0 => None,
            name if name.starts_with("ACME_WEBHOOK_SECRET") => {
                Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())
            }
            name => Some(format!("{name}-0123456789abcdef0123456789abcdef")),
        }
    }

    fn variable_names(&self) -> Vec<String> {
        vec![self.0.to_owned()]
    }
}

#[test]
fn every_key_that_the_default_configuration_shows_can_be_overridden() {
    let sections = shown();
    let keys: usize = sections.iter().map(|section| section.keys.len()).sum();
    assert!(keys > 70, "{keys}");
    for section in &sections {
        let beside = |other: &&Shown| other.is_usual() || std::ptr::eq(*other, section);
        let text: String = sections.iter().filter(beside).map(Shown::text).collect();
        for key in &section.keys {
            let variable = format!("{}__{}", section.variables(), key.name.to_uppercase());
            let parsed = Configuration::parse(&text, &WithUnset(&variable));
            let error = parsed.map(|_| ()).unwrap_err().to_string();
            // It was asked for where the key is read.
            let asked = format!("needs the environment variable {variable}; set it");
            assert!(error.ends_with(&asked), "{variable}: {error}");
        }
    }
}
