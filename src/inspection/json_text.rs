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
    fn invariant_11_text_that_is_no_json_is_laid_out_somehow() {
        for text in ["", "}", "]]]]", "\"", "{\"a", "\\", "[[[["] {
            let _ = indented(text);
        }
    }
}
