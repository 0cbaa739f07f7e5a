//! Where spans begin.

use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::TraceContext;

/// Whether spans are collected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Traces {
    /// Nobody collects them: none is made.
    #[default]
    Off,
    /// They go to a collector ([`crate::Exporter`]).
    On,
}

impl Traces {
    /// Makes a span that goes on with the trace of `parent`, or begins one. See
    /// [`span!`](crate::span).
    pub fn begin(self, parent: Option<&TraceContext>, span: impl FnOnce() -> Span) -> Span {
        if self == Self::Off {
            return Span::none();
        }
        let span = span();
        if let Some(parent) = parent {
            // Without a collector's layer there is nothing to be a child in.
            let _ = span.set_parent(parent.as_parent());
        }
        if let Some(context) = TraceContext::of(&span) {
            span.record("trace_id", context.trace_id());
        }
        span
    }
}

/// Makes a span within the one in which this is called; none outside of any. See
/// [`child!`](crate::child).
pub fn child_of_current(span: impl FnOnce() -> Span) -> Span {
    if Span::current().is_none() { Span::none() } else { span() }
}

/// Tells the span of a call over HTTP, which has the field `http.response.status_code`, how it was
/// answered, if it was. For a caller whatever is from 400 on is an error (OpenTelemetry, semantic
/// conventions for HTTP spans).
pub fn answered(span: &Span, status: Option<u16>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status);
    }
    if status.is_none_or(|status| status >= 400) {
        failed(span);
    }
}

/// Marks a span whose work failed.
pub fn failed(span: &Span) {
    span.record("otel.status_code", "ERROR");
}
