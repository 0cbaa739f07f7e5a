//! A sidecar that cannot be asked for a tenant, or that cuts its answer off.

use super::*;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

#[tokio::test]
async fn a_cluster_without_a_host_is_503_and_envoy_lives() {
    for hold in Hold::BOTH {
        let case = format!("{hold:?}");
        let upstream = Upstream::start().await;
        let empty = |yaml: String| {
            let cluster = "    - { name: sidecar_look_ups, type: STATIC, connect_timeout: 1s }\n";
            let place = "    - name: sidecar_chat\n";
            assert_eq!(yaml.matches(place).count(), 1, "{place}");
            yaml.replace(place, &format!("{cluster}{place}"))
        };
        let envoy = Envoy::start_with(hold, upstream.address, &looking_up(), empty).await;
        for _ in 0..3 {
            for headers in [signed(BODY), forged()] {
                assert_try_again(&send(envoy.address, &headers, BODY).await, &case);
            }
        }
        assert_eq!(upstream.heads(), 0, "{case}");
        let elsewhere = http1::request("POST", "/elsewhere", &[], BODY);
        assert_eq!(http1::exchange(envoy.address, &elsewhere).await.status, 200, "{case}");
    }
}

#[tokio::test]
async fn a_look_up_whose_answer_is_cut_off_is_503() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let sidecar = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let written = ["", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"];
        for written in written.iter().cycle() {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let _ = stream.read(&mut [0; 65_536]).await;
            let _ = stream.write_all(written.as_bytes()).await;
        }
    });
    for hold in Hold::BOTH {
        let upstream = Upstream::start().await;
        let envoy = Envoy::start_looking_up(hold, upstream.address, sidecar, &Map::new(), 1).await;
        for number in 0..3 {
            for headers in [signed(BODY), forged()] {
                let answer = send(envoy.address, &headers, BODY).await;
                assert_try_again(&answer, &format!("{hold:?}, {number}"));
            }
        }
        assert_eq!(upstream.heads(), 0, "{hold:?}");
    }
}
