//! Writing JSON: the bytes that `serde_json` writes, in less time and with less code, of the few
//! shapes of which a delivery is made.
//!
//! Nearly all of a delivery is text that needs no escape, and is copied many bytes at a time. What no
//! delivery holds (bytes, numbers below zero or broken, tuples, variants with members) is an error.

use alloc::vec::Vec;
use core::fmt;
use serde::ser::{self, Impossible, Serialize, Serializer};

/// Writes a value; there is room for so many bytes from the start.
///
/// # Errors
///
/// [`Unwritable`], if the value has a shape that no delivery has.
pub fn write<T: Serialize>(value: &T, capacity: usize) -> Result<Vec<u8>, Unwritable> {
    let mut writer = Writer(Vec::with_capacity(capacity));
    value.serialize(&mut writer)?;
    Ok(writer.0)
}

/// The value has a shape that no delivery has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritable;

impl fmt::Display for Unwritable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value has a shape that is not written")
    }
}

impl core::error::Error for Unwritable {}

impl ser::Error for Unwritable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// What is written so far.
struct Writer(Vec<u8>);

impl Writer {
    /// A string. It is looked through by blocks of a fixed length, which a compiler makes
    /// instructions over many bytes of.
    #[inline(never)]
    fn text(&mut self, text: &str) {
        self.0.push(b'"');
        let (blocks, rest) = text.as_bytes().as_chunks::<32>();
        for part in blocks.iter().map(<[u8; 32]>::as_slice).chain([rest]) {
            if part.iter().fold(false, |any, byte| any | is_special(*byte)) {
                part.iter().for_each(|byte| self.character(*byte));
            } else {
                self.0.extend_from_slice(part);
            }
        }
        self.0.push(b'"');
    }

    /// A byte of a string.
    #[inline(never)]
    fn character(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            0..0x20 => {
                let digits = [digit(byte >> 4), digit(byte & 0x0f)];
                self.0.extend_from_slice(b"\\u00");
                return self.0.extend_from_slice(&digits);
            }
            _ => return self.0.push(byte),
        };
        self.0.extend_from_slice(&[b'\\', short]);
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [0; 20];
        let mut written = 0;
        for place in digits.iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            number /= 10;
            written += 1;
            if number == 0 {
                break;
            }
        }
        self.0.extend_from_slice(digits.get(digits.len() - written..).unwrap_or_default());
    }

    /// A comma, unless the object or array has just begun.
    fn separate(&mut self, beginning: u8) {
        if self.0.last() != Some(&beginning) {
            self.0.push(b',');
        }
    }

    /// The name of a member, as it stands in the code: it needs no escape.
    #[inline(never)]
    fn name(&mut self, name: &str) {
        self.separate(b'{');
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }
}

/// Whether a byte of a string cannot stand as it is.
const fn is_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// The shapes that no delivery has.
macro_rules! unwritable {
    ($($name:ident($($type:ty),*) -> $result:ty;)*) => {
        $(fn $name(self, $(_: $type),*) -> Result<$result, Unwritable> { Err(Unwritable) })*
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Compound<'w>;
    type SerializeMap = Compound<'w>;
    type SerializeStruct = Compound<'w>;
    type SerializeTuple = Impossible<(), Unwritable>;
    type SerializeTupleStruct = Impossible<(), Unwritable>;
    type SerializeTupleVariant = Impossible<(), Unwritable>;
    type SerializeStructVariant = Impossible<(), Unwritable>;

    fn serialize_bool(self, value: bool) -> Result<(), Unwritable> {
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_u32(self, value: u32) -> Result<(), Unwritable> {
        self.serialize_u64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), Unwritable> {
        self.number(value);
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), Unwritable> {
        self.text(value);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Unwritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Unwritable> {
        Err(Unwritable)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'w>, Unwritable> {
        self.0.push(b'[');
        Ok(Compound { writer: self, end: b']' })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'w>, Unwritable> {
        self.0.push(b'{');
        Ok(Compound { writer: self, end: b'}' })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'w>, Unwritable> {
        self.serialize_map(None)
    }

    unwritable! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

/// An object or an array that is being written.
struct Compound<'w> {
    writer: &'w mut Writer,
    end: u8,
}

impl ser::SerializeSeq for Compound<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.writer.separate(b'[');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.writer.0.push(self.end);
        Ok(())
    }
}

impl ser::SerializeStruct for Compound<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.writer.name(name);
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.writer.0.push(self.end);
        Ok(())
    }
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), Unwritable> {
        self.writer.separate(b'{');
        name.serialize(&mut *self.writer)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        self.writer.0.push(b':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.writer.0.push(self.end);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{collections::BTreeMap, string::String, vec};

    fn assert_as_serde_json_writes(value: &impl Serialize) {
        assert_eq!(write(value, 0).unwrap(), serde_json::to_vec(value).unwrap());
    }

    #[test]
    fn each_character_is_written_as_serde_json_writes_it_wherever_it_stands() {
        let characters = (0..=0xff).chain([0x17c, 0x2028, 0xfeff, 0x1f600]);
        for character in characters.filter_map(char::from_u32) {
            for length in [0, 1, 31, 32, 33, 64] {
                let mut text = "x".repeat(length);
                text.push(character);
                text.push_str(&"y".repeat(32));
                assert_as_serde_json_writes(&text);
            }
        }
        assert_as_serde_json_writes(&String::new());
    }

    #[test]
    fn numbers_lists_and_members_are_written_as_serde_json_writes_them() {
        for number in [0, 1, 9, 10, 60_000, u64::from(u32::MAX), u64::MAX] {
            assert_as_serde_json_writes(&number);
        }
        assert_as_serde_json_writes(&vec![vec!["a{", "["], vec![], vec![""]]);
        let members = BTreeMap::from([("\"", vec![true]), ("a", vec![]), ("b", vec![false, true])]);
        assert_as_serde_json_writes(&members);
        assert_as_serde_json_writes(&BTreeMap::<&str, u32>::new());
    }

    #[test]
    fn what_no_delivery_holds_is_an_error() {
        assert_eq!(write(&-1, 0), Err(Unwritable));
        assert_eq!(write(&(1_u32, 2_u32), 0), Err(Unwritable));
    }
}
