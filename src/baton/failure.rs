//! Why a command did not do what it was asked for, and the exit code that says so.

use std::{error::Error, io};

use baton_core::configuration::ConfigurationError;
use baton_sidecar::{
    BindError, OpenError, RandomError, StoreError, TenantBookError, TraceExporterError,
};
use thiserror::Error;

use crate::{admin::AdminError, chat_api::ChatError};

/// Why a command failed. Each one is a line that says what to do.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// An option cannot be used.
    #[error("{option}: {problem}")]
    Option {
        /// The option, as it is written.
        option: &'static str,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: check its name and whether you may read it")]
    Read {
        /// The file, as given.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Files cannot be written.
    #[error("cannot write into {path}: check that it is a directory and that you may write there")]
    WriteFiles {
        /// The directory.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: name a file that is not there yet, in a directory with room")]
    WriteFile {
        /// The file, as given.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Standard output does not take what is written to it.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// A configuration file cannot be read.
    #[error("cannot read the configuration {path}: name a file with --config{hint}")]
    ReadConfiguration {
        /// The file, as given.
        path: String,
        /// Where to get one.
        hint: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The edge's configuration is wrong.
    #[error("{path}: {source}")]
    EdgeConfiguration {
        /// The file, as given.
        path: String,
        /// The member and what to do about it.
        source: ConfigurationError,
    },
    /// The sidecar's configuration is wrong.
    #[error("{path}: {source}")]
    SidecarConfiguration {
        /// The file, as given.
        path: String,
        /// The key and what to do about it.
        source: baton_sidecar::ConfigurationProblem,
    },
    /// The sidecar cannot listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The sidecar's store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Spans cannot be sent.
    #[error("no spans can be sent; check traces.endpoint, and the system's certificates")]
    Traces(#[from] TraceExporterError),
    /// The sidecar was told to stop a second time.
    #[error("told to stop twice, and stopped at once; what was in hand goes on at the next start")]
    StoppedAtOnce,
    /// The sidecar stopped.
    #[error(transparent)]
    Run(#[from] baton_sidecar::RunError),
    /// The runtime did not start.
    #[error("the process cannot start its threads: raise its limits")]
    Runtime(#[source] io::Error),
    /// Signals cannot be listened for.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// The simulator did not start, or stopped.
    #[cfg(feature = "simulator")]
    #[error(transparent)]
    Simulator(#[from] baton_simulator::SimulatorError),
    /// The chat did not begin, or was lost for good.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The tenants in the store cannot be used, or are not changed as asked for.
    #[error(transparent)]
    Tenants(#[from] TenantBookError),
    /// There are no random bytes.
    #[error(transparent)]
    Random(RandomError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A sidecar did not do what an operator asked for.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Genesys cannot be set up.
    #[error(transparent)]
    SetUp(Box<baton_setup::SetUpError>),
    /// This machine cannot tell who Genesys is.
    #[error(transparent)]
    Tls(#[from] baton_genesys::TlsError),
    /// The terminal gave no answer.
    #[error("no answer from the terminal; give what is asked for with options")]
    Ask(#[source] io::Error),
    /// A demonstration failed.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Demo(#[from] crate::demo::DemoFailure),
    /// The timeline of a demonstration cannot be read.
    #[cfg(feature = "demo")]
    #[error(transparent)]
    Tail(#[from] crate::tail::TailError),
}

impl From<baton_setup::SetUpError> for Failure {
    fn from(error: baton_setup::SetUpError) -> Self {
        Self::SetUp(Box::new(error))
    }
}

impl Failure {
    /// What the process exits with.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Option { .. } => 2,
            Self::ReadConfiguration { .. }
            | Self::EdgeConfiguration { .. }
            | Self::SidecarConfiguration { .. }
            | Self::Store(StoreError::WrongMasterKey { .. })
            | Self::Tenants(
                TenantBookError::NoMasterKey
                | TenantBookError::NoMasterKeyFor { .. }
                | TenantBookError::Configuration(_)
                | TenantBookError::Document(_)
                | TenantBookError::Store(StoreError::WrongMasterKey { .. }),
            )
            // Another file has to be named.
            | Self::Bind(BindError::Tls(_) | BindError::NoSocket { .. })
            | Self::Open(
                OpenError::InUse { .. }
                | OpenError::NotAStore { .. }
                | OpenError::Missing { .. }
                | OpenError::Exists { .. },
            ) => 64,
            #[cfg(feature = "simulator")]
            Self::Simulator(error) => simulator_exit_code(error),
            #[cfg(feature = "demo")]
            Self::Demo(_) | Self::Tail(_) => 1,
            Self::Read { .. }
            | Self::WriteFiles { .. }
            | Self::WriteFile { .. }
            | Self::Write(_)
            | Self::Bind(_)
            | Self::Open(_)
            | Self::Traces(_)
            | Self::StoppedAtOnce
            | Self::Run(_)
            | Self::Runtime(_)
            | Self::Signals(_)
            | Self::Chat(_)
            | Self::Tenants(_)
            | Self::Random(_)
            | Self::Store(_)
            | Self::SetUp(_)
            | Self::Tls(_)
            | Self::Ask(_)
            | Self::Admin(_) => 1,
        }
    }

    /// Whether nobody reads standard output any more.
    pub(crate) fn is_closed_output(&self) -> bool {
        matches!(self, Self::Write(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The failure with its causes, on one line whatever they are made of.
    pub(crate) fn in_one_line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries say the cause's text in their own already.
            if !line.contains(&text) {
                line = format!("{line} ({text})");
            }
            cause = error.source();
        }
        line.replace(char::is_control, " ")
    }
}

#[cfg(feature = "simulator")]
const fn simulator_exit_code(error: &baton_simulator::SimulatorError) -> u8 {
    use baton_simulator::SimulatorError as Error;
    match error {
        Error::WebhookUrl { .. }
        | Error::SecretTooShort { .. }
        | Error::TimeScale { .. }
        | Error::WebhookHeader { .. } => 2,
        Error::Tls(_) | Error::Bind { .. } | Error::Serve(_) => 1,
    }
}
