//! Memory: whose it is, and when it goes back to the system.

/// Requests are made of many small pieces of memory, and threads give back what others took.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(unsafe_code, reason = "the allocator is written in C, and its crate does not show this")]
mod allocator {
    use std::ffi::{c_int, c_long};

    /// `mi_option_arena_purge_mult` of its second line: how many times longer than small pieces large ones are kept that
    /// nobody uses. With 0 they go back at once; later would be when somebody asks for another large one.
    const ARENA_PURGE_MULT: c_int = 24;

    unsafe extern "C" {
        fn mi_option_set(option: c_int, value: c_long);
        #[cfg(test)]
        fn mi_option_get(option: c_int) -> c_long;
    }

    #[cfg(test)]
    pub(super) fn option() -> c_long {
        // SAFETY: as below.
        unsafe { mi_option_get(ARENA_PURGE_MULT) }
    }

    pub(super) fn give_large_pieces_back() {
        // SAFETY: linked with the allocator above, which takes it at any time and from any thread.
        unsafe { mi_option_set(ARENA_PURGE_MULT, 0) }
    }
}

/// To be called first. A password that is hashed takes 19 MiB for a moment, which would stay else.
pub(crate) fn set_up() {
    allocator::give_large_pieces_back();
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_option_is_the_one_that_is_meant() {
        // Ten times is its default, and that of no option beside it: another line of the allocator would number them anew.
        let before = super::allocator::option();
        super::set_up();
        assert_eq!((before, super::allocator::option()), (10, 0));
    }
}
