//! The same through an Envoy, as each of the shipped configurations sets it up.

use std::time::Duration;

use baton_tests::{
    cable::Damage,
    envoy::Hold,
    sdk::{ANDROID, IOS, Speaker, Status},
    world::Halt,
};
use tokio::{join, time::sleep};

use crate::{
    misfortunes::plays_a_whole_chat,
    stage::{GREETING, Misfortune, Stage, Way, greeted},
};

/// Both SDKs, each with all misfortunes, in another order.
async fn survives_behind(hold: Hold) {
    let play = async |profile, first| {
        let stage = Stage::set(Way::Behind(hold)).await;
        let mut misfortunes = Misfortune::ALL;
        misfortunes.rotate_left(first);
        plays_a_whole_chat(stage, profile, misfortunes).await;
    };
    join!(play(IOS, 0), play(ANDROID, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_5_behind_an_envoy_that_pauses_nothing_is_lost_and_nothing_comes_twice() {
    survives_behind(Hold::Pause).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_5_behind_an_envoy_that_buffers_nothing_is_lost_and_nothing_comes_twice() {
    survives_behind(Hold::BufferFilter).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_14_a_client_that_connects_while_the_sidecar_restarts_gets_its_socket() {
    for hold in Hold::BOTH {
        let mut stage = Stage::set(Way::Behind(hold)).await;
        let known = [stage.greeted_client(IOS).await, stage.greeted_client(ANDROID).await];
        stage.world.halt_sidecar(Halt::Stop).await;
        stage.damage(Damage::Cut);
        // One that comes for the first time finds nobody either.
        let chat = stage.address();
        let come = async { join!(greeted(IOS, chat), greeted(ANDROID, chat)) };
        let restart = async {
            sleep(Duration::from_millis(1500)).await;
            stage.world.start_sidecar_again().await;
        };
        let (new, ()) = join!(come, restart);
        for client in known.iter().chain([&new.0, &new.1]) {
            client.sees("an open socket", |screen| screen.status == Status::Open).await;
            let said = client.gets_across("still here").await;
            client.hears(Speaker::Bot, &format!("You said {said}")).await;
            let screen = client.assert_whole().await;
            assert_eq!(screen.texts(Speaker::Bot)[0], GREETING);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invariant_14_an_upgrade_is_held_for_longer_than_a_webhook_may_take() {
    for hold in Hold::BOTH {
        let mut stage = Stage::set(Way::BehindHasty(hold)).await;
        let clients = [stage.greeted_client(IOS).await, stage.greeted_client(ANDROID).await];
        stage.world.halt_sidecar(Halt::Stop).await;
        stage.damage(Damage::Cut);
        sleep(Duration::from_millis(2500)).await;
        stage.world.start_sidecar_again().await;
        for client in &clients {
            client.sees("an open socket", |screen| screen.status == Status::Open).await;
            let said = client.gets_across("still here").await;
            client.hears(Speaker::Bot, &format!("You said {said}")).await;
            client.assert_whole().await;
        }
    }
}
