//! A test once more, over a build that has a flaw, which it has to notice.
//!
//! A flawed build stands where the right one would, and reads from [`VARIABLE`] which flaw it has.
//! The test runs in a process of its own, this executable again, so that it is the very same test
//! and knows nothing of what it is run over.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

/// The environment variable that names the flaw.
pub const VARIABLE: &str = "BATON_FLAW";

/// A build that stands in the place of the right one.
#[derive(Clone, Debug)]
pub struct Flawed {
    environment: Vec<(&'static str, OsString)>,
}

/// Where the filter is that may have a flaw.
pub fn module() -> PathBuf {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/edge/flawed.wasm");
    assert!(module.is_file(), "{} is not there: `make flawed` builds it", module.display());
    module
}

impl Flawed {
    /// The filter for Envoy, without a flaw so far.
    pub fn filter() -> Self {
        Self::filter_of(module())
    }

    /// The filter for Envoy that is in this file.
    pub fn filter_of(module: PathBuf) -> Self {
        Self { environment: vec![("BATON_EDGE_ENVOY", module.into())] }
    }

    /// The sidecar of this binary, without a flaw so far.
    pub fn sidecar(binary: &str) -> Self {
        Self { environment: vec![("BATON_BINARY", binary.into())] }
    }

    /// The same build with this flaw.
    pub fn with(&self, flaw: &str) -> Self {
        let mut environment = self.environment.clone();
        environment.push((VARIABLE, flaw.into()));
        Self { environment }
    }

    /// The test of this executable with this name passes over the build.
    pub fn passes(&self, test: &str) {
        let said = self.run(test);
        assert!(said.contains("test result: ok. 1 passed"), "{test} has to pass: {said}");
    }

    /// The test fails over the build, and says this.
    pub fn is_noticed_by(&self, test: &str, saying: &str) {
        let said = self.run(test);
        assert!(said.contains("test result: FAILED. 0 passed; 1 failed"), "it has to fail: {said}");
        assert!(said.contains(saying), "it has to fail with {saying}: {said}");
    }

    fn run(&self, test: &str) -> String {
        let ran = Command::new(env::current_exe().expect("this executable"))
            .args(["--exact", test])
            .env_remove(VARIABLE)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .expect("this executable runs again");
        String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned()
    }
}
