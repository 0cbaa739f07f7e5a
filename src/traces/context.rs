//! Where a trace has got to, to be carried to where it goes on.

use std::fmt;

use baton_core::trace_context::Traceparent;
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// A trace, and the span in it that what comes next is caused by. Its text is a W3C `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext(SpanContext);

impl TraceContext {
    /// Reads a `traceparent` that came from elsewhere.
    pub fn parse(traceparent: &[u8]) -> Option<Self> {
        let Traceparent { trace_id, span_id, flags } = Traceparent::parse(traceparent)?;
        let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED;
        let (trace_id, span_id) = (TraceId::from(trace_id), SpanId::from(span_id));
        Some(Self(SpanContext::new(trace_id, span_id, flags, true, TraceState::NONE)))
    }

    /// Where the trace of a span has got to; none, if the span is of none.
    pub fn of(span: &Span) -> Option<Self> {
        if span.is_none() {
            return None;
        }
        let context = span.context().span().span_context().clone();
        context.is_valid().then_some(Self(context))
    }

    /// The id of the trace, for the log.
    pub(crate) fn trace_id(&self) -> String {
        self.0.trace_id().to_string()
    }

    pub(crate) fn as_parent(&self) -> Context {
        Context::new().with_remote_span_context(self.0.clone())
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(context) = self;
        let flags = context.trace_flags().to_u8();
        write!(formatter, "00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(TraceContext::parse(text.as_bytes()).unwrap().to_string(), text);
        assert_eq!(TraceContext::parse(b"00-none"), None);
    }

    #[test]
    fn outside_of_a_trace_there_is_no_context() {
        assert_eq!(TraceContext::of(&Span::none()), None);
        assert_eq!(TraceContext::of(&tracing::error_span!("nobody collects")), None);
    }
}
