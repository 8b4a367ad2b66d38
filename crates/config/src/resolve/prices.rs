//! What targets cost.

use std::sync::Arc;

use trunkline_providers::Price;
use trunkline_providers::price::{DecimalError, Tariff, TokenPrices, UnitPrice};

use super::Resolver;
use crate::file::PriceSection;
use crate::path::Path;

impl Resolver<'_, '_> {
    /// What a document says of a price; `None` when that is wrong.
    pub(super) fn price(&mut self, stated: &PriceSection, at: &Path) -> Option<Arc<Price>> {
        let input = self.per_mtok(stated.input, &at.key("input"));
        let output = self.per_mtok(stated.output, &at.key("output"));
        let cached_input = match stated.cached_input {
            Some(stated) => self.per_mtok(stated, &at.key("cached_input")),
            None => input,
        };
        let (input, output, cached_input) = (input?, output?, cached_input?);
        let tokens = TokenPrices { input, output, cached_input, cache_write: input };
        Some(Arc::new(Price::always(Tariff { tokens, ..Tariff::default() })))
    }

    fn per_mtok(&mut self, stated: f64, at: &Path) -> Option<UnitPrice> {
        self.decimal(stated, at, UnitPrice::usd_per_mtok)
    }

    /// The shortest text that is read as a number is the decimal that was written.
    fn decimal(
        &mut self,
        stated: f64,
        at: &Path,
        read: fn(&str) -> Result<UnitPrice, DecimalError>,
    ) -> Option<UnitPrice> {
        read(&stated.to_string()).map_err(|error| self.findings.at(at, format!("{stated} is {error}"), None)).ok()
    }
}
