//! The pictures of the org: what agents look like, and what they send.
//!
//! Genesys keeps them on hosts of its own. The addresses of this org lead nowhere, unless the
//! simulator serves what lies there itself: a drawing for each, for whoever demonstrates.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// Where the org's pictures lie: those of agents, of cards, and what is attached.
const ELSEWHERE: [&str; 3] = [
    "https://pictures.example.org/",
    "https://cdn.example.org/",
    "https://api-downloads.mypurecloud.de/api/v2/downloads/",
];

/// Where the addresses of pictures lead.
#[derive(Clone, Copy)]
pub(crate) enum Pictures {
    /// Nowhere, as those of an org that is only played.
    Nowhere,
    /// To this simulator.
    Here(SocketAddr),
}

impl Pictures {
    /// The text, with the addresses of pictures in it as they are to be told.
    pub(crate) fn told_in(self, text: String) -> String {
        match self {
            Self::Nowhere => text,
            Self::Here(address) => ELSEWHERE.iter().fold(text, |text, host| {
                text.replace(host, &format!("http://{address}/pictures/"))
            }),
        }
    }
}

/// `GET /pictures/…`: a drawing, always the same for the same name.
pub(crate) fn router() -> Router {
    Router::new().route("/pictures/{*name}", get(show))
}

async fn show(Path(name): Path<String>) -> Response {
    // The face of an agent is asked for by its resolution, as in `dana/x400.jpg`.
    let drawing = match name.split_once('/') {
        Some((agent, _)) => face(hue(agent)),
        None => landscape(hue(&name)),
    };
    ([(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "max-age=3600")], drawing).into_response()
}

/// A place on the colour wheel, in degrees.
fn hue(name: &str) -> u16 {
    let digest = Sha256::digest(name);
    digest.first().zip(digest.last()).map_or(0, |(a, b)| (u16::from(*a) + u16::from(*b)) % 360)
}

fn face(hue: u16) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='400' height='400'>\
         <rect width='400' height='400' fill='hsl({hue} 45% 80%)'/>\
         <g fill='hsl({hue} 40% 35%)'><circle cx='200' cy='160' r='75'/>\
         <ellipse cx='200' cy='400' rx='140' ry='135'/></g></svg>"
    )
}

fn landscape(hue: u16) -> String {
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='640' height='360'>\
         <rect width='640' height='360' fill='hsl({hue} 55% 86%)'/>\
         <circle cx='490' cy='90' r='42' fill='hsl(45 90% 72%)'/>\
         <path d='M0 300 190 120 330 250 450 170 640 310V360H0Z' fill='hsl({hue} 32% 46%)'/>\
         <path d='M0 330 260 240 640 340V360H0Z' fill='hsl({hue} 34% 32%)'/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_to_lie_here_only_where_they_are_served() {
        let there = "see https://cdn.example.org/p.png and https://example.org/p".to_owned();
        assert_eq!(Pictures::Nowhere.told_in(there.clone()), there);
        let here = Pictures::Here(SocketAddr::from(([127, 0, 0, 1], 8090)));
        assert_eq!(
            here.told_in(there),
            "see http://127.0.0.1:8090/pictures/p.png and https://example.org/p"
        );
    }
}
