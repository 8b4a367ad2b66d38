//! The connection to the server. There is one; all that is asked shares it, and is answered in order.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError};
use thiserror::Error;
use tokio::time::timeout;
use trunkline_route::Moment;

use super::names::Names;
use super::script::{Asker, Hashes, Texts};
use crate::Timings;

/// Why the server did not answer.
#[derive(Debug, Error)]
pub(super) enum Lost {
    #[error("{0}")]
    Failed(#[from] RedisError),
    #[error("no answer within {0:?}")]
    Late(Duration),
    #[error("it does not know this replica any more")]
    Stranger,
    #[error("it is told of requests more slowly than they end")]
    Full,
    #[error("it has lost what was spent, and the ledger does not answer")]
    NoPast,
}

/// A connection over which this replica is known by a name.
#[derive(Clone, Debug)]
pub(super) struct Link {
    conn: MultiplexedConnection,
    hashes: Hashes,
    pub(super) name: String,
}

impl Link {
    pub(super) async fn connect(
        client: &Client,
        texts: &Texts,
        name: String,
        deadline: Duration,
    ) -> Result<Self, Lost> {
        // Everything that is asked has a deadline of its own.
        let config = AsyncConnectionConfig::new().set_response_timeout(None).set_connection_timeout(None);
        let connecting = client.get_multiplexed_async_connection_with_config(&config);
        let mut conn = within(deadline, connecting).await?;
        let mut loading = redis::pipe();
        for text in [&texts.account, &texts.registry, &texts.rests] {
            loading.cmd("SCRIPT").arg("LOAD").arg(text);
        }
        let (account, registry, rests) = within(deadline, loading.query_async(&mut conn)).await?;
        Ok(Self { conn, hashes: Hashes { account, registry, rests }, name })
    }

    pub(super) fn asker<'a>(&'a self, names: &'a Names, timings: &'a Timings, now: Moment) -> Asker<'a> {
        Asker { names, timings, hashes: &self.hashes, replica: &self.name, now }
    }

    pub(super) fn rests_hash(&self) -> &str {
        &self.hashes.rests
    }

    pub(super) async fn ask<T: FromRedisValue>(&self, cmd: &Cmd, deadline: Duration) -> Result<T, Lost> {
        within(deadline, cmd.query_async(&mut self.conn.clone())).await
    }

    pub(super) async fn ask_all<T: FromRedisValue>(&self, all: &Pipeline, deadline: Duration) -> Result<T, Lost> {
        within(deadline, all.query_async(&mut self.conn.clone())).await
    }
}

pub(super) async fn within<T>(
    deadline: Duration,
    asked: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, Lost> {
    match timeout(deadline, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_late) => Err(Lost::Late(deadline)),
    }
}
