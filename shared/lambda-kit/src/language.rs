//! The language of an answer.

/// English, or French where the client prefers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Also for clients that accept neither.
    #[default]
    English,
    /// Any French: `fr`, `fr-SN`, ...
    French,
}

/// A text in both languages. It is static, so that it cannot repeat anything of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// French.
    pub fr: &'static str,
}

impl Text {
    /// The text in `language`.
    #[must_use]
    pub const fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::French => self.fr,
        }
    }
}

/// Most language ranges that are read of one header.
const MAX_RANGES: usize = 16;

impl Language {
    /// The best of the two for an `Accept-Language` header (RFC 9110, 12.5.4). The higher quality wins, then the first.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        let mut best = (Self::English, 0);
        for range in header.split(',').take(MAX_RANGES) {
            if let Some((language, quality)) = weighted(range)
                && quality > best.1
            {
                best = (language, quality);
            }
        }
        best.0
    }

    /// The value of `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

/// Reads `fr-SN;q=0.8` as French and 800.
fn weighted(range: &str) -> Option<(Language, u16)> {
    let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
    let primary = tag.trim().split('-').next().unwrap_or_default();
    let language = if primary.eq_ignore_ascii_case("fr") {
        Language::French
    } else if primary.eq_ignore_ascii_case("en") {
        Language::English
    } else {
        return None;
    };
    Some((language, thousandths(parameter.trim())?))
}

/// Reads `q=0.85` as 850 without a float; a quality has at most three decimals.
fn thousandths(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, decimals) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if decimals.len() > 3 || !decimals.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match whole {
        "1" => Some(1000),
        "0" => format!("{decimals:0<3}").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn french_wins_by_quality_and_english_by_default() {
        for (header, expected) in [
            ("", Language::English),
            ("wo, sw", Language::English),
            ("fr", Language::French),
            ("FR-sn", Language::French),
            ("fr;q=0.4, en;q=0.9", Language::English),
            ("en;q=0.4, fr;q=0.9", Language::French),
            ("wo, fr-CI;q=0.85, en;q=0.8", Language::French),
            ("fr;q=0", Language::English),
            ("fr;q=nan, en;q=0.1", Language::English),
            ("en, fr", Language::English),
            ("fr, en", Language::French),
            ("fry, en;q=0.1", Language::English),
        ] {
            assert_eq!(Language::from_accept_language(header), expected, "{header}");
        }
    }

    #[test]
    fn a_long_accept_language_header_has_bounded_cost() {
        let header = "xx,".repeat(16) + "fr";
        assert_eq!(Language::from_accept_language(&header), Language::English);
    }
}
