//! Where a block stands in the request it came in.

use std::fmt::{Display, Formatter, Result};

/// Where a block stands; shows itself as a path, such as `messages[2].content[0]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The message; `None` for the field `system`.
    pub(super) message: Option<usize>,
    /// The block in it; `None` for the message itself.
    pub(super) block: Option<usize>,
    /// The block in that one's content.
    pub(super) inner: Option<usize>,
}

impl Display for Place {
    fn fmt(&self, to: &mut Formatter<'_>) -> Result {
        match (self.message, self.block) {
            (None, None) => write!(to, "system")?,
            (None, Some(block)) => write!(to, "system[{block}]")?,
            (Some(message), None) => write!(to, "messages[{message}]")?,
            (Some(message), Some(block)) => write!(to, "messages[{message}].content[{block}]")?,
        }
        self.inner.map_or(Ok(()), |inner| write!(to, ".content[{inner}]"))
    }
}
