//! The places of a template, such as `{{name}}`, and what goes into them.

use alloc::{borrow::Cow, string::String};

use crate::open_messaging::TemplateText;

/// How many bytes parameters may add to one message: a small webhook could otherwise name a large
/// parameter many times.
const MOST_FILLED_IN: usize = 65_536;

/// How far to look for the end of a parameter's name, in bytes.
const LONGEST_NAME: usize = 128;

/// What fills in the templates of one message.
pub(super) struct Filler {
    /// How many more bytes parameters may add.
    left: usize,
}

impl Default for Filler {
    fn default() -> Self {
        Self { left: MOST_FILLED_IN }
    }
}

impl Filler {
    /// The text with its parameters in their places. A place without a parameter stays, and so
    /// does one for which there are no bytes left.
    pub(super) fn fill_in<'a>(&mut self, template: &TemplateText<'a>) -> Cow<'a, str> {
        let Some((before, mut rest)) = template.text.split_once("{{") else {
            return template.text.clone();
        };
        let mut filled = String::from(before);
        loop {
            match parameter_at(rest, template) {
                Some((value, behind)) if value.len() <= self.left => {
                    self.left -= value.len();
                    filled.push_str(value);
                    rest = behind;
                }
                _ => filled.push_str("{{"),
            }
            let Some((before, after)) = rest.split_once("{{") else { break };
            filled.push_str(before);
            rest = after;
        }
        filled.push_str(rest);
        filled.into()
    }
}

/// The parameter that is named where the text begins, and what follows its place.
fn parameter_at<'t>(text: &'t str, template: &'t TemplateText<'_>) -> Option<(&'t str, &'t str)> {
    let end = text.as_bytes().windows(2).take(LONGEST_NAME).position(|pair| pair == b"}}")?;
    let (name, behind) = text.split_at_checked(end)?;
    let mut parameters = template.parameters.iter();
    let (_, value) = parameters.find(|(parameter, _)| parameter == name.trim())?;
    Some((value, behind.strip_prefix("}}")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> TemplateText<'_> {
        let parameters = [("name", "Ann"), ("time", "{{name}}"), ("nothing", "")];
        TemplateText {
            text: text.into(),
            parameters: parameters.map(|(name, value)| (name.into(), value.into())).into(),
        }
    }

    #[test]
    fn a_template_is_filled_in_and_unknown_places_stay() {
        let fill = |text| Filler::default().fill_in(&template(text)).into_owned();
        assert_eq!(fill("Hi {{name}} at {{ time }}"), "Hi Ann at {{name}}");
        assert_eq!(fill("Hi {{who}}, {{name}}"), "Hi {{who}}, Ann");
        assert_eq!(fill("{{nothing}}Your order"), "Your order");
        assert_eq!(fill("{{name}}"), "Ann");
        assert_eq!(fill("no place"), "no place");
        assert_eq!(fill("{{name"), "{{name");
        assert_eq!(fill("{{{{name}}"), "{{Ann");
        assert_eq!(fill(""), "");
    }

    #[test]
    fn invariant_11_a_template_cannot_grow_a_message_without_bound() {
        let long = "x".repeat(1000);
        let text = "{{n}}".repeat(10_000);
        let parameters = [("n".into(), long.into())].into();
        let template = TemplateText { text: text.as_str().into(), parameters };
        let mut filler = Filler::default();
        let first = filler.fill_in(&template);
        let second = filler.fill_in(&template);
        assert!(first.len() + second.len() <= MOST_FILLED_IN + 2 * text.len());
    }
}
