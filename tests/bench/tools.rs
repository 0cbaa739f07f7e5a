//! The programs that are there, and who can be measured with them.

use std::path::{Path, PathBuf};

use crate::{arguments::Arguments, variant::Variant};

/// The programs that are there. Envoy always is.
#[derive(Debug)]
pub(crate) struct Tools {
    /// Envoy.
    pub(crate) envoy: PathBuf,
    /// The filter's module, as Envoy loads it.
    pub(crate) module: PathBuf,
    /// Node.
    pub(crate) node: Option<PathBuf>,
    /// nginx, and its module for njs.
    pub(crate) nginx: Option<(PathBuf, PathBuf)>,
    /// HAProxy.
    pub(crate) haproxy: Option<PathBuf>,
    /// The folder of the package for JavaScript.
    pub(crate) js: Option<PathBuf>,
    /// workerd.
    pub(crate) workerd: Option<PathBuf>,
}

impl Tools {
    /// Those that the command line names and that exist, with this module.
    pub(crate) fn of(arguments: &Arguments, module: &Path) -> Self {
        let there = |path: &Option<PathBuf>| path.clone().filter(|path| path.exists());
        Self {
            envoy: arguments.envoy.clone(),
            module: module.to_owned(),
            node: (!arguments.no_node).then(|| arguments.node.clone()),
            nginx: there(&arguments.nginx).zip(there(&arguments.njs)),
            haproxy: there(&arguments.haproxy),
            js: there(&arguments.js),
            workerd: there(&arguments.workerd),
        }
    }

    /// Envoy with this module, and nothing else.
    pub(crate) fn envoy_alone(envoy: &Path, module: &Path) -> Self {
        Self {
            envoy: envoy.to_owned(),
            module: module.to_owned(),
            node: None,
            nginx: None,
            haproxy: None,
            js: None,
            workerd: None,
        }
    }

    /// Whether this one can be measured.
    pub(crate) const fn has(&self, variant: Variant) -> bool {
        match variant {
            Variant::Envoy
            | Variant::BatonPause
            | Variant::BatonBufferFilter
            | Variant::Lua
            | Variant::AuthorizationRust => true,
            Variant::Node | Variant::NodeVerifying | Variant::AuthorizationNode => {
                self.node.is_some()
            }
            Variant::Nginx | Variant::NginxNjs => self.nginx.is_some(),
            Variant::Haproxy | Variant::HaproxyHmac => self.haproxy.is_some(),
            Variant::Workerd | Variant::BatonWorker => self.workerd.is_some() && self.js.is_some(),
        }
    }
}
