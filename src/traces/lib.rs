//! Spans of what becomes of a webhook and of a message, sent to an OTLP collector.
//!
//! A span is made by [`span!`] or [`child!`], and only where somebody collects them: [`Traces`] says
//! so, and is handed to whoever begins one. A webhook's trace crosses the store as text, and a
//! connection that shows its event is told of it by [`RecentTraces`].
//!
//! Spans are those of `tracing`, under a [`TARGET`] of their own: the log has the id of the trace in
//! the lines that are written within one, and nothing but these spans goes to the collector.

mod collector;
mod context;
mod exporter;
mod recent;
mod traces;

pub use collector::{Authorization, AuthorizationProblem, CollectorUrl};
pub use context::TraceContext;
pub use exporter::{Exporter, Settings, StartError};
pub use recent::RecentTraces;
pub use traces::{Traces, answered, child_of_current, failed};

#[doc(hidden)]
pub use tracing as __tracing;

/// The target of all spans. At the level of errors, so that no filter of the log takes them out.
pub const TARGET: &str = "baton::trace";

/// A span that goes on with the trace of `parent`, or begins one; none where nobody collects them.
///
/// `span!(traces, parent, "name", "kind", field = value, …)`: the kind is OpenTelemetry's (`server`,
/// `client`, `producer`, `consumer`, `internal`); the fields are those of `tracing`.
#[macro_export]
macro_rules! span {
    ($traces:expr, $parent:expr, $name:literal, $kind:literal $(, $($fields:tt)*)?) => {
        $traces.begin($parent, || $crate::__tracing::error_span!(
            target: $crate::TARGET,
            parent: None,
            $name,
            otel.kind = $kind,
            otel.status_code = $crate::__tracing::field::Empty,
            trace_id = $crate::__tracing::field::Empty,
            $($($fields)*)?
        ))
    };
}

/// A span within the one in which it is called; none outside of any.
#[macro_export]
macro_rules! child {
    ($name:literal, $kind:literal $(, $($fields:tt)*)?) => {
        $crate::child_of_current(|| $crate::__tracing::error_span!(
            target: $crate::TARGET,
            $name,
            otel.kind = $kind,
            otel.status_code = $crate::__tracing::field::Empty,
            $($($fields)*)?
        ))
    };
}
