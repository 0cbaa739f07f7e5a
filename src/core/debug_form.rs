//! Debug forms of what holds secrets, or what people wrote (invariant 10).

use alloc::{borrow::Cow, vec::Vec};

/// Gives a type a debug form that shows the first members as they are, and of those behind the
/// semicolon no more than how long they are.
macro_rules! debug_by_length {
    ($name:ident $(<$life:lifetime>)? { $($shown:ident),*; $($hidden:ident),* }) => {
        impl $(<$life>)? core::fmt::Debug for $name $(<$life>)? {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter
                    .debug_struct(stringify!($name))
                    $(.field(stringify!($shown), &self.$shown))*
                    $(.field(
                        concat!("length_of_", stringify!($hidden)),
                        &$crate::debug_form::Long::length(&self.$hidden),
                    ))*
                    .finish()
            }
        }
    };
}

pub(crate) use debug_by_length;

/// What has a length.
pub(crate) trait Long {
    /// In bytes, or elements of a list; `None`, if it is not there.
    fn length(&self) -> Option<usize>;
}

impl<T> Long for &[T] {
    fn length(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl<T> Long for Vec<T> {
    fn length(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl Long for &str {
    fn length(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl Long for Cow<'_, str> {
    fn length(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl Long for Cow<'_, [u8]> {
    fn length(&self) -> Option<usize> {
        Some(self.len())
    }
}

impl<T: Long> Long for Option<T> {
    fn length(&self) -> Option<usize> {
        self.as_ref().and_then(Long::length)
    }
}
