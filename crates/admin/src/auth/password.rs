//! Passwords: made, hashed slowly on purpose, and compared in the same time whatever comes of it.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

use super::accounts::Account;
use super::role::Role;
use super::secret::random_bytes;

/// Longest password that is looked at. Guards the time that hashing takes.
const PASSWORD_BYTES_MAX: usize = 1024;

/// Characters of a made password: 31 of them, of which five bits each count, are 100 bits and more.
const MADE_CHARACTERS: usize = 20;
/// Without those that are taken for each other.
const MADE_OF: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password's hash is of this, when there is no account to compare with: nobody knows a password for it.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dHJ1bmtsaW5lLW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The argon2id hash of a password, with a salt of its own. Takes some ten milliseconds and 19 MiB: not for a thread that
/// serves requests.
pub fn hash_password(password: &str) -> String {
    let salt: [u8; 16] = random_bytes();
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("the default parameters and a salt of sixteen bytes are within argon2's limits");
    hash.to_string()
}

/// Whether this is the password of that hash. As slow as making it.
pub fn is_password(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    password.len() <= PASSWORD_BYTES_MAX && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

/// A new password that nobody can guess, in groups that a person can copy.
pub fn make_password() -> String {
    let bytes: [u8; MADE_CHARACTERS] = random_bytes();
    let letters = bytes.iter().filter_map(|byte| MADE_OF.get(usize::from(byte % 32)));
    let mut password = String::with_capacity(MADE_CHARACTERS + MADE_CHARACTERS / 5);
    for (position, letter) in letters.enumerate() {
        if position > 0 && position % 5 == 0 {
            password.push('-');
        }
        password.push(char::from(*letter));
    }
    password
}

/// Whose password it is. Takes as long when it is nobody's, and when there are fewer accounts than roles.
pub(super) fn whose(accounts: &[Account], password: &str) -> Option<Account> {
    let mut found = None;
    for role in Role::ALL {
        let account = accounts.iter().find(|account| account.role == role);
        let is_it = is_password(password, account.map_or(NOBODYS, |account| &account.password_hash));
        if is_it && account.is_some() {
            found = account.cloned();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(role: Role, password: &str) -> Account {
        Account { user: role.as_str().to_owned(), role, password_hash: hash_password(password) }
    }

    #[test]
    fn a_password_is_known_by_its_hash_and_no_other_is() {
        let hash = hash_password("correct horse");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("correct horse"), "each has a salt of its own");
        for (password, expected) in [("correct horse", true), ("correct hors", false), ("", false)] {
            assert_eq!(is_password(password, &hash), expected, "{password:?}");
        }
        assert!(!is_password("correct horse", "no hash"));
        let long = "x".repeat(PASSWORD_BYTES_MAX + 1);
        assert!(!is_password(&long, &hash_password(&long)));
    }

    #[test]
    fn it_is_told_whose_a_password_is() {
        let both = [account(Role::Admin, "of the admin"), account(Role::Viewer, "of the viewer")];
        let role = |accounts: &[Account], password: &str| whose(accounts, password).map(|account| account.role);
        assert_eq!(role(&both, "of the admin"), Some(Role::Admin));
        assert_eq!(role(&both, "of the viewer"), Some(Role::Viewer));
        assert_eq!((role(&both, "of nobody"), role(&[], "of the admin")), (None, None));
        assert!(PasswordHash::new(NOBODYS).is_ok(), "or comparing with it would take no time");
    }

    #[test]
    fn made_passwords_have_a_form_and_are_never_the_same() {
        let (one, other) = (make_password(), make_password());
        let groups: Vec<&str> = one.split('-').collect();
        assert!(groups.len() == 4 && groups.iter().all(|group| group.len() == 5), "{one}");
        assert_ne!(one, other);
    }
}
