//! Models on the address of the pages: whoever may look at those may ask as a client would, wherever they are served.

use std::net::SocketAddr;

use bytes::BytesMut;
use http::request::Parts;
use http::{HeaderName, Response, Uri, header};

use crate::admin;
use crate::caller::KEY_HEADERS;
use crate::reply::ReplyBody;
use crate::server::RequestBody;
use crate::worker::Worker;

/// Who asks there is asked for here.
const GATE: &str = "/api/v1/playground";

/// Headers that speak of the request's body, which the admin API is not shown.
const OF_THE_BODY: [HeaderName; 3] = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

/// What the admin API answers whoever may not ask; `None`: they may.
pub(crate) async fn refusal(worker: &Worker, peer: SocketAddr, parts: &Parts) -> Option<Response<ReplyBody>> {
    let mut asked = parts.clone();
    asked.uri = Uri::from_static(GATE);
    OF_THE_BODY.iter().for_each(|name| drop(asked.headers.remove(name)));
    // These are the client's, for the model; a page is known by its session.
    asked.headers.remove(header::AUTHORIZATION);
    KEY_HEADERS.iter().for_each(|name| drop(asked.headers.remove(*name)));
    let answer = admin::answer(worker, peer, &asked, RequestBody::whole(BytesMut::new())).await;
    (!answer.status().is_success()).then_some(answer)
}
