//! What shoppers, shops and merchants are promised when nothing breaks.

mod purchase;
