//! A list of what well-known models cost, each at its vendor's own servers.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use thiserror::Error;

use super::{Price, Tariff, Tier, TokenPrices, UnitPrice};
use crate::{BaseUrl, Vendor};

/// The list that comes with the program, made by `tools/prices.sh`.
const BUILT_IN: &str = include_str!("list.tsv");

/// What the first line of a list begins with.
const TITLE: &str = "trunkline-prices-1";

/// Bytes of a list. Guards memory against a file that is something else.
pub const LIST_BYTES_MAX: usize = 8 << 20;

/// What well-known models cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceList {
    /// The day on which it was true.
    pub as_of: String,
    /// Where it comes from.
    pub source: String,
    /// By vendor and the vendor's own name for the model, in lower case.
    prices: HashMap<String, Tariff>,
    /// What the operator says instead, by provider or vendor in the same way.
    stated: HashMap<String, Price>,
}

/// A provider, as far as its prices depend on it.
#[derive(Clone, Copy, Debug)]
pub struct Seller<'a> {
    /// Its name in the config.
    pub name: &'a str,
    /// What it is.
    pub vendor: &'a Vendor,
    /// Where it is; `None` only for an adapter.
    pub base_url: Option<&'a BaseUrl>,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The vendor, or the provider whose price is stated.
    pub seller: String,
    /// Its own name for the model, in lower case.
    pub model: String,
    /// What it costs.
    pub price: Price,
}

/// Why a text is no list.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ListError {
    /// Over [`LIST_BYTES_MAX`].
    #[error("is longer than {LIST_BYTES_MAX} bytes")]
    TooLong,
    /// The first line is another one.
    #[error("is no price list: its first line must begin with `{TITLE}`")]
    Title,
    /// A line that says no price.
    #[error("line {0} says no price")]
    Line(usize),
}

impl PriceList {
    /// A list that is yet empty.
    pub fn new(as_of: String, source: String) -> Self {
        Self { as_of, source, prices: HashMap::new(), stated: HashMap::new() }
    }

    /// The list that comes with the program; read once, when it is first wanted.
    pub fn built_in() -> Arc<Self> {
        static LIST: LazyLock<Arc<PriceList>> =
            LazyLock::new(|| Arc::new(PriceList::parse(BUILT_IN).expect("a test reads it")));
        Arc::clone(&LIST)
    }

    /// Whether it is the list that comes with the program, whatever is stated beside.
    pub fn is_built_in(&self) -> bool {
        let own = Self::built_in();
        (&self.as_of, &self.source) == (&own.as_of, &own.source)
    }

    /// Reads a list as [`PriceList::text`] writes it.
    ///
    /// # Errors
    /// When it is no list, or a line of it says no price.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        if text.len() > LIST_BYTES_MAX {
            return Err(ListError::TooLong);
        }
        let mut lines = text.lines().zip(1..);
        let title: Vec<&str> = lines.next().map(|(line, _)| line.split('\t').collect()).unwrap_or_default();
        let [TITLE, as_of, source] = title[..] else { return Err(ListError::Title) };
        let mut list = Self::new(as_of.to_owned(), source.to_owned());
        for (line, number) in lines {
            let (name, tariff) = read_line(line).ok_or(ListError::Line(number))?;
            list.prices.insert(name, tariff);
        }
        Ok(list)
    }

    /// The list as a text, in the order of names.
    pub fn text(&self) -> String {
        let mut text = format!("{TITLE}\t{}\t{}\n", self.as_of, self.source);
        let mut names: Vec<&String> = self.prices.keys().collect();
        names.sort();
        for name in names {
            if let Some(Tariff { tokens, tiers, .. }) = self.prices.get(name) {
                text.push_str(name);
                write_tokens(&mut text, tokens);
                for tier in tiers {
                    // Writing to a text does not fail.
                    let _ = write!(text, "\t{}", tier.above);
                    write_tokens(&mut text, &tier.tokens);
                }
                text.push('\n');
            }
        }
        text
    }

    /// Adds what a model costs, or replaces it.
    pub fn insert(&mut self, vendor: &str, model: &str, tariff: Tariff) {
        self.prices.insert(name_of(vendor, model), tariff);
    }

    /// The same list with what the operator says of `seller/model`; `false` when that has no slash.
    pub fn state(&mut self, name: &str, price: Price) -> bool {
        let Some((seller, model)) = name.split_once('/') else { return false };
        self.stated.insert(name_of(seller, model), price);
        true
    }

    /// What every model costs, in the order of names, what is stated in place of what is listed.
    pub fn entries(&self) -> Vec<Entry> {
        let listed = self.prices.iter().filter(|(name, _)| !self.stated.contains_key(*name));
        let listed = listed.map(|(name, tariff)| (name, listed_price(tariff)));
        let all = listed.chain(self.stated.iter().map(|(name, price)| (name, price.clone())));
        let entry = |(name, price): (&String, Price)| {
            let (seller, model) = name.split_once('\t')?;
            Some(Entry { seller: seller.to_owned(), model: model.to_owned(), price })
        };
        let mut entries: Vec<Entry> = all.filter_map(entry).collect();
        entries.sort_by(|a, b| (&a.seller, &a.model).cmp(&(&b.seller, &b.model)));
        entries
    }

    /// How many models it knows.
    pub fn len(&self) -> usize {
        self.prices.len()
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }

    /// What a model costs at a provider. `None` when nobody knows: the list does not have it, or the server is not the
    /// vendor's own, and may ask for any price. What is stated for the provider's name holds wherever that is.
    pub fn price(&self, of: Seller<'_>, model: &str) -> Option<Price> {
        let stated = |seller: &str| self.stated.get(&name_of(seller, model)).cloned();
        let is_own = || {
            let own_host = of.vendor.default_base_url.and_then(host_of);
            of.base_url.is_some_and(|url| Some(url.host.as_str()) == own_host)
        };
        stated(of.name).or_else(|| is_own().then(|| stated(of.vendor.id).or_else(|| self.find(of.vendor.id, model)))?)
    }

    /// What a model costs at its vendor's own servers.
    pub fn find(&self, vendor: &str, model: &str) -> Option<Price> {
        let model = model.to_ascii_lowercase();
        let bare = model.strip_prefix("models/").unwrap_or(&model);
        let bare = bare.strip_prefix(vendor).and_then(|rest| rest.strip_prefix('/')).unwrap_or(bare);
        // `ft:gpt-4o-2024-08-06:owner:name:id` costs what all tuned from the same do.
        let tuned = bare.strip_prefix("ft:").and_then(|rest| rest.split(':').next());
        let tuned = tuned.map(|base| format!("ft:{base}"));
        let bare = tuned.as_deref().unwrap_or(bare);
        let known = |model: &str| self.prices.get(&name_of(vendor, model));
        let tariff = known(&model).or_else(|| known(bare)).or_else(|| known(undated(bare)?))?;
        Some(listed_price(tariff))
    }

    /// What differs in `newer`: names that are new, names with another price, names that are gone; each in order.
    pub fn changes(&self, newer: &Self) -> [Vec<String>; 3] {
        let differing = |of: &Self, is_meant: &dyn Fn(&String, &Tariff) -> bool| {
            let mut names: Vec<String> =
                of.prices.iter().filter(|(name, tariff)| is_meant(name, tariff)).map(|(name, _)| shown(name)).collect();
            names.sort();
            names
        };
        [
            differing(newer, &|name, _| !self.prices.contains_key(name)),
            differing(newer, &|name, tariff| self.prices.get(name).is_some_and(|before| before != tariff)),
            differing(self, &|name, _| !newer.prices.contains_key(name)),
        ]
    }
}

fn listed_price(tariff: &Tariff) -> Price {
    Price { is_listed: true, ..Price::always(tariff.clone()) }
}

fn name_of(vendor: &str, model: &str) -> String {
    format!("{vendor}\t{}", model.to_ascii_lowercase())
}

fn shown(name: &str) -> String {
    name.replacen('\t', "/", 1)
}

fn host_of(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', ':']).next()
}

/// The name without the day of its version: `-2024-08-06`, `-20250929`, `-09-2025`, or `-latest`.
fn undated(model: &str) -> Option<&str> {
    let shapes = ["-0000-00-00", "-00000000", "-00-0000", "-latest"];
    shapes.iter().find_map(|shape| {
        let (rest, end) = model.split_at_checked(model.len().checked_sub(shape.len())?)?;
        let fits = end.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            letter => byte == letter,
        });
        fits.then_some(rest)
    })
}

/// A line: vendor, model, the prices of its tokens; and for each tier its mark, and prices again.
fn read_line(line: &str) -> Option<(String, Tariff)> {
    let mut cells = line.split('\t');
    let (vendor, model, tokens) = (cells.next()?, cells.next()?, read_tokens(cells.next()?)?);
    let mut tiers = Vec::new();
    while let Some(above) = cells.next() {
        tiers.push(Tier { above: above.parse().ok()?, tokens: read_tokens(cells.next()?)? });
    }
    Some((name_of(vendor, model), Tariff { tokens, tiers, ..Tariff::default() }))
}

/// Prices in pico-USD a token: input, output, cached input, cache write, sound in, sound out. `-` stands for the price of
/// other input or output, and what is missing at the end for `-`.
fn read_tokens(text: &str) -> Option<TokenPrices> {
    let mut counts = text.split(' ');
    let mut next = |default: Option<UnitPrice>| match counts.next() {
        None | Some("-") => default,
        Some(pico) => pico.parse().ok().map(UnitPrice::from_pico),
    };
    let (input, output) = (next(None)?, next(None)?);
    let (cached_input, cache_write) = (next(Some(input))?, next(Some(input))?);
    let (audio_input, audio_output) = (next(Some(input))?, next(Some(output))?);
    Some(TokenPrices { input, output, cached_input, cache_write, audio_input, audio_output })
}

fn write_tokens(text: &mut String, tokens: &TokenPrices) {
    let TokenPrices { input, output, cached_input, cache_write, audio_input, audio_output } = *tokens;
    let or = |price: UnitPrice, default| if price == default { "-".to_owned() } else { price.pico().to_string() };
    let own = [or(cached_input, input), or(cache_write, input), or(audio_input, input), or(audio_output, output)];
    let said = own.iter().rposition(|price| price != "-").map_or(0, |last| last + 1);
    // Writing to a text does not fail.
    let _ = write!(text, "\t{} {}", input.pico(), output.pico());
    own.iter().take(said).for_each(|price| {
        text.push(' ');
        text.push_str(price);
    });
}

#[cfg(test)]
mod tests;
