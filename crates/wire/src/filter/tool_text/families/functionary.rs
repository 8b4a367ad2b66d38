//! Functionary 3.2: `>>>f`, then JSON.

use super::{Family, Head, Line, Opening, Stop, Trust, json};

pub(crate) static FAMILY: Family = Family {
    name: "functionary",
    markers: &[(">>>", Line)],
    trust: Trust::Anywhere,
    last: false,
    head,
    read: json::calls,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    let name = opening.cursor.name()?;
    let tool = opening.tool(name)?;
    opening.cursor.expect("\n")?;
    json::body(opening, tool, json::one(&[], &[">>>"]))
}
