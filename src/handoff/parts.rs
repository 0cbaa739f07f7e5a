//! Texts too long for one message.

/// Where a text may be cut, the worse place first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    Word,
    Sentence,
    Paragraph,
}

/// The text in parts of at most so many characters (Unicode scalar values), in order.
///
/// A part ends with a paragraph, else with a sentence, if that leaves it at least half full; else
/// with a word; else where it is full. The white space at a cut is dropped, and nothing else. A
/// text that fits is one part, as it is. A limit of zero counts as one.
pub fn parts(text: &str, most_characters: usize) -> Vec<&str> {
    let most = most_characters.max(1);
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((part, after)) = cut(rest, most) {
        parts.push(part.trim_end());
        rest = after.trim_start();
    }
    parts.push(rest);
    if parts.len() > 1 {
        parts.retain(|part| !part.trim().is_empty());
    }
    parts
}

/// Cuts the first part off a text; `None` if it fits.
fn cut(text: &str, most: usize) -> Option<(&str, &str)> {
    let (full, _) = text.char_indices().nth(most)?;
    let mut best = None;
    let mut before = None;
    for (place, (offset, character)) in text.char_indices().take(most + 1).enumerate() {
        let bound = before.and_then(|before| bound(before, text.get(offset..)?, character));
        if let Some(bound) = bound {
            let worth = if place * 2 < most { Bound::Word } else { bound };
            best = best.max(Some((worth, offset)));
        }
        before = Some(character);
    }
    text.split_at_checked(best.map_or(full, |(_, offset)| offset))
}

/// The bound between a character and what follows it, if there is one.
fn bound(before: char, after: &str, next: char) -> Option<Bound> {
    if matches!(before, '。' | '！' | '？') {
        return Some(Bound::Sentence);
    }
    if before.is_whitespace() || !next.is_whitespace() {
        return None;
    }
    let space = after.chars().take_while(|character| character.is_whitespace());
    Some(match space.filter(|character| *character == '\n').take(2).count() {
        2 => Bound::Paragraph,
        1 => Bound::Sentence,
        _ if matches!(before, '.' | '!' | '?' | '…') => Bound::Sentence,
        _ => Bound::Word,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::parts;

    #[test]
    fn a_text_that_fits_is_left_as_it_is() {
        assert_eq!(parts(" as it is \n", 11), [" as it is \n"]);
        assert_eq!(parts("", 10), [""]);
    }

    #[test]
    fn a_paragraph_is_the_best_place_to_cut() {
        assert_eq!(parts("One. Two.\n\nThree. Four.", 18), ["One. Two.", "Three. Four."]);
    }

    #[test]
    fn a_sentence_is_better_than_a_word() {
        assert_eq!(parts("First one. Then two words", 18), ["First one.", "Then two words"]);
    }

    #[test]
    fn a_bound_that_leaves_a_part_mostly_empty_is_only_as_good_as_a_word() {
        assert_eq!(
            parts("Hi.\n\nthen it goes on and on", 20),
            ["Hi.\n\nthen it goes on", "and on"]
        );
    }

    #[test]
    fn a_word_that_ends_where_the_part_is_full_is_kept_whole() {
        assert_eq!(parts("aaaa bbbb cccc", 9), ["aaaa bbbb", "cccc"]);
    }

    #[test]
    fn what_has_no_bound_is_cut_where_it_is_full() {
        assert_eq!(parts("żółwżółw", 3), ["żół", "wżó", "łw"]);
    }

    #[test]
    fn a_script_without_spaces_is_cut_after_its_full_stops() {
        assert_eq!(parts("一二三。四五六七八", 6), ["一二三。", "四五六七八"]);
    }

    #[test]
    fn a_limit_of_zero_ends() {
        assert_eq!(parts("ab", 0), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn parts_fit_and_lose_nothing_but_white_space(
            text in "[a-c\\. \n\u{3002}é]{0,200}",
            most in 0..40_usize,
        ) {
            let parts = parts(&text, most);
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&parts.concat()), solid(&text));
            let fits = parts.iter().all(|part| part.chars().count() <= most.max(1));
            prop_assert!(fits);
        }
    }
}
