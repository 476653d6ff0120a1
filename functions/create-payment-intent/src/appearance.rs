//! The appearance of the card form.

use lambda_kit::fields::FieldErrors;
use lomi_client::{AppearanceTheme, BillingAddress};

const MAX_BORDER_RADIUS_PX: u32 = 64;

pub(crate) fn theme(name: Option<&str>, errors: &mut FieldErrors) -> Option<AppearanceTheme> {
    let theme = match name? {
        "light" => Some(AppearanceTheme::Light),
        "dark" => Some(AppearanceTheme::Dark),
        "flat" => Some(AppearanceTheme::Flat),
        _ => None,
    };
    errors.unless(theme.is_some(), "/appearance_theme", "One of light, dark, flat.", "light, dark ou flat.");
    theme
}

pub(crate) fn billing_address(name: Option<&str>, errors: &mut FieldErrors) -> Option<BillingAddress> {
    let mode = match name? {
        "auto" => Some(BillingAddress::Auto),
        "never" => Some(BillingAddress::Never),
        _ => None,
    };
    errors.unless(mode.is_some(), "/appearance_billing_address", "One of auto, never.", "auto ou never.");
    mode
}

pub(crate) fn border_radius_px(radius_px: Option<u32>, errors: &mut FieldErrors) -> Option<u32> {
    let fits = radius_px.is_none_or(|radius_px| radius_px <= MAX_BORDER_RADIUS_PX);
    errors.unless(fits, "/appearance_border_radius", "0 to 64 pixels.", "De 0 à 64 pixels.");
    radius_px
}
