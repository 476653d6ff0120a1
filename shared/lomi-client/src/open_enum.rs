//! Enumerations that lomi may extend: `strum` keeps an unknown name in the variant `Other`, so reading never fails.

macro_rules! as_str {
    ($name:ident) => {
        impl $name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                self.as_ref()
            }
        }
    };
}

pub(crate) use as_str;
