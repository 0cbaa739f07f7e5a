//! HTML in which every text is a text, whatever it holds.

use std::fmt::Write;

/// A piece of HTML. It is put together from markup that stands in the code, and from texts.
#[derive(Default)]
pub(crate) struct Markup(String);

impl Markup {
    /// Adds markup.
    pub(crate) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds a text, which may be anything and is shown as it is.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' | '<' | '>' | '"' | '\'' => {
                    // Writing to a text does not fail.
                    let _ = write!(self.0, "&#{};", u32::from(character));
                }
                // These turn the direction of what follows, and so may show another text.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.0.push('\u{fffd}'),
                '\n' | '\t' => self.0.push(character),
                _ if character.is_control() => self.0.push('\u{fffd}'),
                _ => self.0.push(character),
            }
        }
        self
    }

    /// The whole.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let mut page = Markup::default();
        page.markup("<p>").text("<script>'\"&</script>\u{202e}\u{0}").markup("</p>");
        let expected = "<p>&#60;script&#62;&#39;&#34;&#38;&#60;/script&#62;\u{fffd}\u{fffd}</p>";
        assert_eq!(page.finish(), expected);
    }
}
