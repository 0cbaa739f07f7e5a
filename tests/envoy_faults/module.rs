//! A module that traps, because it has no memory left.

use super::*;
use futures_util::future::join_all;
use std::{env, fs, path::PathBuf};
use tempfile::TempDir;

/// More than the module has room for, and less than a body may have.
const LARGE: usize = 500_000;

/// How many pages of 64 KiB the module may have beyond those that it begins with.
const MORE_PAGES: u32 = 4;

/// An Envoy whose module has little memory.
struct Stage {
    envoy: Envoy,
    upstream: Upstream,
    _folder: TempDir,
}

impl Stage {
    async fn set(hold: Hold) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let small = folder.path().join("small.wasm");
        fs::write(&small, with_little_memory(&fs::read(module()).unwrap())).unwrap();
        let upstream = Upstream::start().await;
        let instead = |yaml: String| with_module(&yaml, &small);
        let envoy = Envoy::start_with(hold, upstream.address, &Map::new(), instead).await;
        Self { envoy, upstream, _folder: folder }
    }

    /// Lets the module trap.
    async fn trap(&self, case: &str) {
        let large = large();
        let answer = send(self.envoy.address, &signed(&large), &large).await;
        assert_eq!(answer.status, 503, "{case}");
    }
}

fn large() -> Vec<u8> {
    let text = "a".repeat(LARGE);
    format!(r#"{{"id":"m1","type":"Text","text":"{text}"}}"#).into_bytes()
}

#[tokio::test]
async fn invariant_1_a_module_that_traps_lets_nothing_through_and_is_loaded_again() {
    for hold in Hold::BOTH {
        let stage = Stage::set(hold).await;
        for time in 1..=3 {
            let case = format!("{hold:?}, the trap {time}");
            send_until_it_is_taken(stage.envoy.address, &case).await;
            assert_eq!(stage.upstream.take().len(), 1, "{case}");
            stage.trap(&case).await;
            let answer = send(stage.envoy.address, &forged(), BODY).await;
            assert!([401, 503].contains(&answer.status), "{case}: {}", answer.status);
            assert_eq!(stage.upstream.heads(), 0, "{case}");
        }
        send_until_it_is_taken(stage.envoy.address, "after the last").await;
        let answer = send(stage.envoy.address, &forged(), BODY).await;
        assert_eq!(answer.status, 401, "{hold:?}");
        let log = stage.envoy.log_with(" failed: Uncaught RuntimeError").await;
        assert!(!log.contains(SECRET), "{hold:?}");
    }
}

#[tokio::test]
async fn invariant_1_a_trap_in_one_request_lets_no_other_through() {
    for hold in Hold::BOTH {
        for headers in [forged(), signed(BODY)] {
            let case = format!("{hold:?}, {headers:?}");
            let stage = Stage::set(hold).await;
            send_until_it_is_taken(stage.envoy.address, &case).await;
            stage.upstream.take();
            let mut others = Vec::new();
            for length in [0, 7] {
                let mut other = Connection::open(stage.envoy.address).await;
                let mut head = http1::head("POST", WEBHOOK_PATH, &headers);
                head.extend_from_slice(
                    format!("content-length: {}\r\n\r\n", BODY.len()).as_bytes(),
                );
                other.send(&[&head, &BODY[..length]].concat()).await;
                others.push((other, length));
            }
            sleep(Duration::from_millis(100)).await;
            stage.trap(&case).await;
            for (other, length) in &mut others {
                other.send(&BODY[*length..]).await;
            }
            let answers = others.iter_mut().map(|(other, _)| other.answer());
            for answer in join_all(answers).await {
                assert_eq!(answer.status, 503, "{case}");
            }
            assert_eq!(stage.upstream.heads(), 0, "{case}");
            send_until_it_is_taken(stage.envoy.address, &case).await;
        }
    }
}

#[tokio::test]
async fn a_module_that_is_cut_off_keeps_envoy_from_starting() {
    for hold in Hold::BOTH {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cut.wasm");
        let module = fs::read(module()).unwrap();
        fs::write(&file, &module[..module.len() / 2]).unwrap();
        let upstream = Upstream::start().await;
        let cut = |yaml: String| with_module(&yaml, &file);
        let said = Envoy::refuses_to_start(hold, upstream.address, cut).await;
        assert!(said.contains("Failed to load Wasm"), "{hold:?}: {said}");
    }
}

fn module() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join(env::var("BATON_EDGE_ENVOY").unwrap_or("target/edge/baton-edge-envoy.wasm".into()))
}

/// The configuration with this module.
fn with_module(yaml: &str, file: &std::path::Path) -> String {
    let begin = "code: { local: { filename: ";
    let (before, rest) = yaml.split_once(begin).expect("the module's file");
    let (_, after) = rest.split_once(" }").expect("its end");
    format!("{before}{begin}{} }}{after}", file.display())
}

/// The module with an end to its memory: [`MORE_PAGES`] after those that it begins with.
fn with_little_memory(module: &[u8]) -> Vec<u8> {
    const HEADER: usize = 8;
    const MEMORY: u8 = 5;
    let mut changed = module[..HEADER].to_vec();
    let mut rest = &module[HEADER..];
    while let Some((kind, after)) = rest.split_first() {
        let (length, after) = number(after);
        let (mut section, after) = after.split_at(length as usize);
        let replaced;
        if *kind == MEMORY {
            assert_eq!(section[..2], [1, 0], "one memory, without an end");
            let (pages, end) = number(&section[2..]);
            assert!(end.is_empty(), "nothing behind it");
            replaced = [&[1, 1][..], &written(pages), &written(pages + MORE_PAGES)].concat();
            section = &replaced;
        }
        changed.push(*kind);
        changed.extend(written(u32::try_from(section.len()).unwrap()));
        changed.extend_from_slice(section);
        rest = after;
    }
    changed
}

/// The number at the beginning, seven bits to a byte, the lowest first; and what follows it.
fn number(bytes: &[u8]) -> (u32, &[u8]) {
    let length = 1 + bytes.iter().take_while(|byte| **byte >= 0x80).count();
    let (number, rest) = bytes.split_at(length);
    let number = number.iter().rev().fold(0, |number, byte| number << 7 | u32::from(byte & 0x7f));
    (number, rest)
}

fn written(mut number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f | 0x80) as u8);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}
