//! Reads parts of a fuzz input that a person can still write by hand.

/// The text of the first line, and the rest. A line is at most as long as the input.
pub(crate) fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    let mut halves = data.splitn(2, |byte| *byte == b'\n');
    (halves.next().unwrap_or_default(), halves.next().unwrap_or_default())
}

/// A number computed from all bytes, which changes with every change of the input.
pub(crate) fn number(data: &[u8]) -> usize {
    data.iter().fold(17, |sum: usize, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)))
}

/// The same bytes with one changed; `None` when there are none.
pub(crate) fn one_byte_off(data: &[u8], chosen_by: usize) -> Option<Vec<u8>> {
    let mut changed = data.to_vec();
    let place = chosen_by.checked_rem(changed.len())?;
    *changed.get_mut(place)? ^= 1 << (chosen_by % 8);
    Some(changed)
}
