//! The text of JSON, laid out anew. No value is read and written again: members keep their
//! order, numbers and strings every byte.

/// The text with each member and element on a line of its own.
pub fn indented(json: &str) -> String {
    let json = without_blanks(json);
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut places = Places::default();
    let mut characters = json.chars().peekable();
    while let Some(character) = characters.next() {
        let opens = matches!(character, '{' | '[');
        let closes = matches!(character, '}' | ']');
        if places.is_inside_string(character) {
            text.push(character);
        } else if opens && characters.peek().is_some_and(|next| matches!(next, '}' | ']')) {
            text.push(character);
            text.extend(characters.next());
        } else if opens {
            depth += 1;
            text.push(character);
            new_line(&mut text, depth);
        } else if closes {
            depth = depth.saturating_sub(1);
            new_line(&mut text, depth);
            text.push(character);
        } else if character == ',' {
            text.push(character);
            new_line(&mut text, depth);
        } else if character == ':' {
            text.push_str(": ");
        } else {
            text.push(character);
        }
    }
    text
}

/// The text on one line, without blanks between its parts.
pub fn without_blanks(json: &str) -> String {
    let mut places = Places::default();
    json.chars()
        .filter(|character| {
            places.is_inside_string(*character) || !matches!(character, ' ' | '\t' | '\r' | '\n')
        })
        .collect()
}

/// The text with each character beyond ASCII, and each slash, in place of the escape that a
/// writer of JSON may put there.
pub fn without_escapes(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut rest = json;
    while let Some((before, escape)) = rest.split_once('\\') {
        text.push_str(before);
        let (written, length) = match escape.chars().next() {
            Some('/') => (Some('/'), 1),
            Some('u') => escaped_character(escape),
            Some(other) => (None, other.len_utf8()),
            None => (None, 0),
        };
        let (escape, after) = escape.split_at(length);
        match written {
            Some(character) => text.push(character),
            None => text.extend(['\\'].into_iter().chain(escape.chars())),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The character beyond ASCII of an escape that begins here with its `u`, or of two that belong
/// together; and how long they are.
fn escaped_character(escape: &str) -> (Option<char>, usize) {
    let unit = |place| u16::from_str_radix(escape.get(place)?, 16).ok();
    let Some(first) = unit(1..5) else { return (None, 1) };
    let second = if escape.get(5..7) == Some("\\u") { unit(7..11) } else { None };
    match char::decode_utf16([first].into_iter().chain(second)).next() {
        Some(Ok(character)) if !character.is_ascii() => {
            (Some(character), if character.len_utf16() == 2 { 11 } else { 5 })
        }
        _ => (None, 5),
    }
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Tells what stands in a string from what stands between.
#[derive(Default)]
struct Places {
    in_string: bool,
    escaped: bool,
}

impl Places {
    /// Whether the next character belongs to a string, quotes included.
    fn is_inside_string(&mut self, character: char) -> bool {
        if !self.in_string {
            self.in_string = character == '"';
            return self.in_string;
        }
        match character {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '"' => self.in_string = false,
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_strings_their_bytes() {
        let json = r#"{"b":[1,{"a":"x, {\"y\": [\\"}],"c":{},"d":[],"e":1.50}"#;
        let expected = "{\n  \"b\": [\n    1,\n    {\n      \"a\": \"x, {\\\"y\\\": [\\\\\"\n    }\n  \
                        ],\n  \"c\": {},\n  \"d\": [],\n  \"e\": 1.50\n}";
        assert_eq!(indented(json), expected);
        assert_eq!(without_blanks(&indented(json)), json);
    }

    #[test]
    fn characters_stand_in_place_of_their_escapes_and_ascii_stays() {
        let json = r#""\u00e9 \ud83d\udc4d \/ \\u00e9 \" \u0041 \n \ud83d""#;
        assert_eq!(without_escapes(json), r#""é 👍 / \\u00e9 \" \u0041 \n \ud83d""#);
    }

    #[test]
    fn invariant_11_text_that_is_no_json_is_laid_out_somehow() {
        for text in ["", "}", "]]]]", "\"", "{\"a", "\\", "[[[[", "\\u", "\\u00é", "\\ud83d\\u"] {
            let _ = indented(text);
            let _ = without_escapes(text);
        }
    }
}
