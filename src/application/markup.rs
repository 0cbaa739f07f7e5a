//! HTML in which every text is a text, whatever it holds.

use std::fmt::Write;

use url::Url;

/// What ends an address that stands within a text.
const ENDS: [char; 4] = ['<', '>', '"', '`'];

/// What belongs to the text after an address, not to it.
const AFTER: [char; 12] = ['.', ',', ';', ':', '!', '?', '\'', ')', ']', '}', '*', '…'];

/// A piece of HTML. It is put together from markup that stands in the code, and from texts.
#[derive(Default)]
pub(crate) struct Markup(String);

impl Markup {
    /// Adds markup.
    pub(crate) fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Adds a text, which may be anything and is shown as it is. It may stand in an attribute too,
    /// between quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for character in text.chars() {
            match character {
                '&' | '<' | '>' | '"' | '\'' => {
                    // Writing to a text does not fail.
                    let _ = write!(self.0, "&#{};", u32::from(character));
                }
                '\n' | '\t' => self.0.push(character),
                _ if is_hidden(character) => self.0.push('\u{fffd}'),
                _ => self.0.push(character),
            }
        }
        self
    }

    /// Adds a text in which each address of https or http is a link. What is shown is the address
    /// itself, so that nobody is led elsewhere.
    pub(crate) fn text_with_links(&mut self, text: &str) -> &mut Self {
        let mut rest = text;
        while let Some((before, address, after)) = next_address(rest) {
            self.text(before);
            match link_of(address) {
                Some(link) => self
                    .markup("<a target=\"_blank\" rel=\"noopener noreferrer nofollow\" href=\"")
                    .text(link.as_str())
                    .markup("\">")
                    .text(address)
                    .markup("</a>"),
                None => self.text(address),
            };
            rest = after;
        }
        self.text(rest)
    }

    /// Adds a row of a table: a name, and what it stands for.
    pub(crate) fn row(&mut self, name: &str, value: &str) -> &mut Self {
        self.markup("<tr><th scope=\"row\" dir=\"auto\">")
            .text(name)
            .markup("</th><td dir=\"auto\">");
        self.text(value).markup("</td></tr>")
    }

    /// Adds another piece.
    pub(crate) fn piece(&mut self, piece: &Self) -> &mut Self {
        self.0.push_str(&piece.0);
        self
    }

    /// The whole.
    pub(crate) fn finish(self) -> String {
        self.0
    }
}

/// Whether it is not seen, or turns the direction of what follows and so may show another text.
fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What may be an address in the text, with what stands before and after it.
fn next_address(text: &str) -> Option<(&str, &str, &str)> {
    let start = ["https://", "http://"].iter().filter_map(|scheme| text.find(scheme)).min()?;
    let (before, found) = text.split_at_checked(start)?;
    let ends = |one: char| one.is_whitespace() || is_hidden(one) || ENDS.contains(&one);
    let address = found.split(ends).next()?.trim_end_matches(AFTER);
    let (address, after) = found.split_at_checked(address.len())?;
    Some((before, address, after))
}

/// Where it leads. One that names a user shows another host than its own.
fn link_of(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let is_web = matches!(url.scheme(), "https" | "http");
    (is_web && url.username().is_empty() && url.password().is_none()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut page = Markup::default();
        page.text_with_links(text);
        page.finish()
    }

    #[test]
    fn no_text_becomes_markup() {
        let mut page = Markup::default();
        page.markup("<p>").text("<script>'\"&</script>\u{202e}\u{0}").markup("</p>");
        let expected = "<p>&#60;script&#62;&#39;&#34;&#38;&#60;/script&#62;\u{fffd}\u{fffd}</p>";
        assert_eq!(page.finish(), expected);
    }

    #[test]
    fn an_address_is_a_link_and_what_is_around_it_is_a_text() {
        let link = |address: &str| {
            format!(
                "<a target=\"_blank\" rel=\"noopener noreferrer nofollow\" \
                 href=\"{address}\">{address}</a>"
            )
        };
        let (one, two) = (link("https://a.example/x.pdf"), link("http://b.example/"));
        assert_eq!(
            shown("The <bill>: https://a.example/x.pdf, (http://b.example/)\nBye"),
            format!("The &#60;bill&#62;: {one}, ({two})\nBye")
        );
        let queried = shown("https://a.example/?a=1&b='2");
        assert!(queried.contains("href=\"https://a.example/?a=1&#38;b=%272\""), "{queried}");
    }

    #[test]
    fn what_is_no_address_of_the_web_is_no_link() {
        for text in [
            "javascript:alert(1)",
            "javascript://x.example/%0Aalert(1)",
            "data:text/html,x",
            "ftp://a.example",
            "https://",
            "https://!",
            "HTTP and https",
            "https://bank.example@a.example/",
            "",
        ] {
            assert!(!shown(text).contains("<a"), "{text}");
        }
    }

    #[test]
    fn an_address_breaks_out_of_nothing() {
        for text in [
            "https://a.example/\"onclick=\"alert(1)",
            "https://a.example/'><script>alert(1)</script>",
            "https://a.example/\u{202e}fdp.x",
            "https://a.example/\u{0}x",
        ] {
            let shown = shown(text);
            assert_eq!(shown.matches('<').count(), 2, "{shown}");
            assert_eq!(shown.matches('"').count(), 6, "{shown}");
            assert!(!shown.contains('\u{202e}'), "{shown}");
        }
    }
}
