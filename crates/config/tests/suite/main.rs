//! The crate from outside: documents, variables and flags in, snapshots or problems out.

#[cfg(test)]
mod admin;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod enforce;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod import;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod load;
mod patterns;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod support;
