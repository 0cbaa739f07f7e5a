//! What the components want of their hosts.

use baton_tests_hosts::{Host, imports};

#[test]
fn the_embedded_gate_imports_nothing() {
    assert_eq!(imports(Host::Embedded), Vec::<String>::new());
}

#[test]
fn the_proxy_component_imports_interfaces_of_wasi_only() {
    for interface in imports(Host::Proxy) {
        assert!(interface.starts_with("wasi:") && interface.contains("@0.2."), "{interface}");
    }
}

#[test]
fn the_spin_components_import_interfaces_of_wasi_and_spin_only() {
    for interface in imports(Host::SpinOnWasi02) {
        let known = ["wasi:", "fermyon:spin/key-value@2.", "fermyon:spin/variables@2."];
        assert!(known.iter().any(|known| interface.starts_with(known)), "{interface}");
    }
    for interface in imports(Host::SpinOnWasi03) {
        let known = ["wasi:", "spin:key-value/key-value@3.", "spin:variables/variables@3."];
        assert!(known.iter().any(|known| interface.starts_with(known)), "{interface}");
    }
}
