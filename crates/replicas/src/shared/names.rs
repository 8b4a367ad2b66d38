//! What things are called at the server.

/// What names begin with. The braces keep all of it on one node of a cluster, which scripts need.
#[derive(Clone, Debug)]
pub(super) struct Names(String);

impl Names {
    pub(super) fn new(prefix: &str) -> Self {
        Self(format!("{{{prefix}}}"))
    }

    /// The account of a client key.
    pub(super) fn account(&self, key: &str) -> String {
        format!("{}:key:{key}", self.0)
    }

    /// The replicas by their last signs of life.
    pub(super) fn replicas(&self) -> String {
        format!("{}:replicas", self.0)
    }

    /// Whose account has this name.
    pub(super) fn key_of<'a>(&self, account: &'a str) -> Option<&'a str> {
        account.strip_prefix(self.0.as_str())?.strip_prefix(":key:")
    }

    /// The accounts with budgets by when they were used last.
    pub(super) fn used(&self) -> String {
        format!("{}:used", self.0)
    }

    /// The number of the last settlement of a replica.
    pub(super) fn mark(&self, replica: &str) -> String {
        format!("{}:settled:{replica}", self.0)
    }

    /// Who is left alone until when; also the channel that tells of it.
    pub(super) fn rests(&self) -> String {
        format!("{}:rests", self.0)
    }
}
