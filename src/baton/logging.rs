//! The log of the commands that run on.

use std::io::IsTerminal;

use baton_sidecar::TraceExporter;
use clap::{Args, ValueEnum};
use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, fmt::layer, layer::SubscriberExt, registry,
    util::SubscriberInitExt,
};

use crate::failure::Failure;

/// The environment variable that says what is logged.
const VARIABLE: &str = "BATON_LOG";

/// How the log is written.
#[derive(Args)]
pub(crate) struct LogArguments {
    /// How the log on standard error is written; the variable BATON_LOG says how much of it:
    /// error, warn, info, debug, or a filter such as `info,baton_store=debug`
    #[arg(long, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    log_format: LogFormat,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

impl LogArguments {
    /// Begins to log to standard error: as the variable says, or as `default` if it says nothing.
    /// Spans go to the exporter, if there is one.
    pub(crate) fn start(
        &self,
        default: LevelFilter,
        exporter: Option<&TraceExporter>,
    ) -> Result<(), Failure> {
        let filter = EnvFilter::builder()
            .with_default_directive(default.into())
            .with_env_var(VARIABLE)
            .from_env()
            .map_err(|_| Failure::Option {
                option: VARIABLE,
                problem: "it is no log filter; write one such as info or warn,baton_store=debug"
                    .to_owned(),
            })?;
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        let log = layer().with_ansi(colours).with_writer(std::io::stderr);
        let log = match self.log_format {
            LogFormat::Text => log.boxed(),
            LogFormat::Json => log.json().boxed(),
        };
        let spans = exporter.map(TraceExporter::layer);
        registry().with(spans).with(log.with_filter(filter)).init();
        Ok(())
    }
}
