//! The trace that a request belongs to, as W3C's Trace Context gives it.

/// What a `traceparent` of version 00 says (W3C Trace Context, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent {
    /// The id of the whole trace; never all zero.
    pub trace_id: u128,
    /// The id of the span that the request comes from; never zero.
    pub span_id: u64,
    /// The flags; the lowest bit says that the trace is recorded.
    pub flags: u8,
}

/// `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits.
const LENGTH: usize = 55;

/// The longest `tracestate` that goes on (W3C Trace Context, 3.3.1.5: at least so much should).
const MOST_TRACESTATE_BYTES: usize = 512;

impl Traceparent {
    /// Reads a header's value. Nothing but version 00 is taken, in lower-case digits, since a later
    /// version may mean anything.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(value).ok().filter(|text| text.len() == LENGTH)?;
        let mut parts = text.split('-');
        let mut next = |length| parts.next().filter(|part| is_hex(part, length));
        let (version, trace_id, span_id, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        let trace_id = u128::from_str_radix(trace_id, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span_id, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        (version == "00").then_some(Self { trace_id, span_id, flags })
    }
}

fn is_hex(part: &str, length: usize) -> bool {
    part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether a `tracestate` may go on. It is nobody's business here but that of whoever traces.
pub(crate) fn is_tracestate(value: &[u8]) -> bool {
    value.len() <= MOST_TRACESTATE_BYTES && value.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_says_which_trace_and_which_span() {
        let read = Traceparent::parse(VALID.as_bytes()).unwrap();
        assert_eq!(read.trace_id, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!(read.span_id, 0xb7ad_6b71_6920_3331);
        assert_eq!(read.flags, 1);
    }

    #[test]
    fn what_is_no_traceparent_of_version_00_is_none() {
        for wrong in [
            "",
            "00",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-+1",
            " 00-af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
        ] {
            assert_eq!(Traceparent::parse(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(Traceparent::parse(&[0xff; LENGTH]), None);
    }

    #[test]
    fn a_tracestate_is_short_and_visible() {
        assert!(is_tracestate(b"congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"));
        assert!(!is_tracestate(&[b'a'; MOST_TRACESTATE_BYTES + 1]));
        assert!(!is_tracestate(b"congo=\x7f"));
        assert!(!is_tracestate(b"congo=\xc3\xbc"));
    }
}
