//! Where a connection came in, and what is answered there.

use std::net::SocketAddr;

use crate::routes::Route;

/// Where a connection came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entrance {
    /// Who is at its other end.
    pub(crate) peer: SocketAddr,
    /// What is answered there.
    pub(crate) side: Side,
}

/// What is answered at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Everything.
    Both,
    /// All but the admin API and its pages, which has an address of its own.
    Models,
    /// The admin API with its pages, and whether the process lives.
    Admin,
}

impl Side {
    /// The route, if it leads somewhere from here.
    pub(crate) fn admit(self, route: Route<'_>) -> Route<'_> {
        let elsewhere = match &route {
            Route::Live | Route::Ready | Route::Banner | Route::Nothing => false,
            Route::Admin | Route::Played(_) => self == Self::Models,
            Route::Model(_)
            | Route::ModelList
            | Route::ModelEntry(_)
            | Route::GeminiModelList
            | Route::GeminiModelEntry(_)
            | Route::Ollama(_)
            | Route::StoredResponse(_)
            | Route::Upgrade
            | Route::Detailed
            | Route::Preflight
            | Route::WrongMethod(_) => self == Self::Admin,
        };
        if elsewhere { Route::Nothing } else { route }
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::routes::find;

    #[test]
    fn each_side_has_its_paths() {
        let led = |side: Side, path| side.admit(find(&Method::GET, path)) != Route::Nothing;
        for (path, expected) in [
            ("/api/v1/session", [true, false, true]),
            ("/key/info", [true, false, true]),
            ("/ui/", [true, false, true]),
            ("/favicon.ico", [true, false, true]),
            ("/endpoints", [true, false, true]),
            ("/v1/admin/logs", [true, false, true]),
            ("/api/v1/playground", [true, false, true]),
            ("/v1/models", [true, true, false]),
            ("/api/tags", [true, true, false]),
            ("/health/detailed", [true, true, false]),
            ("/health", [true, true, true]),
            ("/", [true, true, true]),
        ] {
            assert_eq!([Side::Both, Side::Models, Side::Admin].map(|side| led(side, path)), expected, "{path}");
        }
    }
}
