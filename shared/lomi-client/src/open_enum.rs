//! Enumerations that lomi may extend: an unknown member is kept, never an error.

macro_rules! open_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$member_doc:meta])* $member:ident = $wire:literal,)+ }) => {
        $(#[$doc])*
        ///
        /// Open: a member that this release does not know is kept as `Other`.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$member_doc])* $member,)+
            /// Anything else, as sent.
            Other(String),
        }

        impl $name {
            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$member => $wire,)+
                    Self::Other(text) => text,
                }
            }

            pub(crate) fn from_wire(text: String) -> Self {
                match text.as_str() {
                    $($wire => Self::$member,)+
                    _ => Self::Other(text),
                }
            }
        }
    };
}

pub(crate) use open_enum;
