//! Calls that models write into text: found in every format, however the text is cut, and found in no ordinary answer.

mod cut;
mod formats;
mod leaks;
mod ordinary;
mod run;
mod writing;
