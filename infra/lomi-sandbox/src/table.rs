//! A bounded in-memory table: rows in order of insertion, found by id.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rows per table. One more removes the oldest.
const MAX_ROWS: usize = 100_000;

pub(crate) trait Row {
    fn id(&self) -> &str;
}

/// The id of a row must not change.
#[derive(Debug)]
pub(crate) struct Table<R> {
    rows: VecDeque<R>,
    /// Counts removed rows too, so that a removal at the front changes no position.
    positions: HashMap<String, usize>,
    departed: usize,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self { rows: VecDeque::new(), positions: HashMap::new(), departed: 0 }
    }
}

impl<R: Row> Table<R> {
    pub(crate) fn insert(&mut self, row: R) {
        if self.rows.len() >= MAX_ROWS
            && let Some(oldest) = self.rows.pop_front()
        {
            self.positions.remove(oldest.id());
            self.departed += 1;
        }
        self.positions.insert(row.id().to_owned(), self.departed + self.rows.len());
        self.rows.push_back(row);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&R> {
        self.rows.get(self.index(id)?)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        let index = self.index(id)?;
        self.rows.get_mut(index)
    }

    fn index(&self, id: &str) -> Option<usize> {
        self.positions.get(id)?.checked_sub(self.departed)
    }

    pub(crate) fn oldest_first(&self) -> impl DoubleEndedIterator<Item = &R> {
        self.rows.iter()
    }

    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &R> {
        self.rows.iter().rev()
    }

    pub(crate) fn rows_mut(&mut self) -> impl Iterator<Item = &mut R> {
        self.rows.iter_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Removes one row. Linear: only for tables that stay small.
    pub(crate) fn remove(&mut self, id: &str) -> Option<R> {
        let removed = self.index(id).and_then(|index| self.rows.remove(index))?;
        self.positions = self.rows.iter().enumerate().map(|(at, row)| (row.id().to_owned(), at)).collect();
        self.departed = 0;
        Some(removed)
    }
}

impl<R: Row + Serialize> Serialize for Table<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.rows)
    }
}

impl<'de, R: Row + Deserialize<'de>> Deserialize<'de> for Table<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut table = Self::default();
        Vec::<R>::deserialize(deserializer)?.into_iter().for_each(|row| table.insert(row));
        Ok(table)
    }
}
