//! Flags and variables, read through the table.

use std::ops::RangeInclusive;

use super::table::Setting;
use crate::env::Env;
use crate::file::PeriodOrZero;
use crate::findings::Findings;

/// The layers above the document.
pub(crate) struct Layers<'a, 'd> {
    pub(crate) env: &'a Env,
    pub(crate) found: &'a mut Findings<'d>,
}

/// What a flag or a variable says, and which one.
pub(crate) struct Chosen {
    pub(crate) origin: &'static str,
    pub(crate) text: String,
}

impl Layers<'_, '_> {
    /// The strongest variable that is set.
    pub(crate) fn variable(&mut self, setting: &'static Setting) -> Option<Chosen> {
        let set = |name: &&'static str| {
            let text = self.env.get(name)?;
            Some(Chosen { origin: name, text: text.to_owned() })
        };
        setting.variables.iter().find_map(set)
    }

    /// The flag, else the strongest variable, as `read` understands it; what it does not is a problem.
    pub(crate) fn text<T>(
        &mut self,
        setting: &'static Setting,
        flag: Option<&str>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let flag = setting.flag.zip(flag).map(|(origin, text)| Chosen { origin, text: text.to_owned() });
        let chosen = flag.or_else(|| self.variable(setting))?;
        let value = read(&chosen.text);
        if value.is_none() {
            self.refuse(setting, &chosen);
        }
        value
    }

    /// [`text`](Self::text) where capitals do not matter.
    pub(crate) fn word<T>(
        &mut self,
        setting: &'static Setting,
        flag: Option<&str>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.text(setting, flag, |text| read(&text.to_ascii_lowercase()))
    }

    /// A whole number from a variable.
    pub(crate) fn number(&mut self, setting: &'static Setting, range: RangeInclusive<u64>) -> Option<u64> {
        self.text(setting, None, |text| text.parse().ok().filter(|number| range.contains(number)))
    }

    /// A period from a variable; a bare number is in seconds, as its predecessors had it.
    pub(crate) fn period(&mut self, setting: &'static Setting) -> Option<PeriodOrZero> {
        self.text(setting, None, |text| {
            let seconds = text.bytes().all(|byte| byte.is_ascii_digit());
            PeriodOrZero::parse(&if seconds { format!("{text}s") } else { text.to_owned() }).ok()
        })
    }

    pub(crate) fn refuse(&mut self, setting: &Setting, chosen: &Chosen) {
        let message = format!("{:?} is not understood", chosen.text);
        self.found.outside(chosen.origin, message, Some(format!("it takes {}", setting.accepts)));
    }
}
