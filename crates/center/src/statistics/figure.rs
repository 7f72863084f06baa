//! What is counted: one list, from which the columns of the tables, their sums and the pages are derived.

use std::ops::{AddAssign, Index, IndexMut};

/// One figure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Figure {
    /// Notices that were asked for, each new to the person.
    Asked,
    /// The same asked for again.
    Reminded,
    /// Taken by the channel.
    Delivered,
    /// Not taken by it.
    Undelivered,
    /// Confirmed by the credential's password.
    Password,
    /// Confirmed by face.
    Face,
    /// Confirmed by the app's payment password.
    App,
    /// The person cancelled.
    Cancelled,
    /// The person says it was not them.
    NotMe,
    /// The channel says it failed.
    Failed,
    /// Locked after wrong passwords.
    Locked,
    /// Let through without a password.
    Free,
    /// What was confirmed, in fen.
    ConfirmedFen,
    /// What was let through without a password, in fen.
    FreeFen,
    /// Confirmed within so many seconds of being asked.
    Within5,
    /// Within ten, and not five.
    Within10,
    /// Within twenty.
    Within20,
    /// Within thirty.
    Within30,
    /// Within a minute.
    Within60,
    /// Within two.
    Within120,
    /// Within five.
    Within300,
    /// Later.
    Later,
}

/// How long people took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// Nobody confirmed of whom it is known.
    Unknown,
    /// So many seconds at most.
    Seconds(u64),
    /// More than five minutes.
    Longer,
}

/// How many figures there are.
pub(crate) const COUNT: usize = 22;

impl Figure {
    /// All of them, in the order of the columns.
    pub(crate) const ALL: [Self; COUNT] = [
        Self::Asked,
        Self::Reminded,
        Self::Delivered,
        Self::Undelivered,
        Self::Password,
        Self::Face,
        Self::App,
        Self::Cancelled,
        Self::NotMe,
        Self::Failed,
        Self::Locked,
        Self::Free,
        Self::ConfirmedFen,
        Self::FreeFen,
        Self::Within5,
        Self::Within10,
        Self::Within20,
        Self::Within30,
        Self::Within60,
        Self::Within120,
        Self::Within300,
        Self::Later,
    ];

    /// How long a confirmation took, in whole seconds at most, by the figure it is counted as.
    const WAITS: [(u64, Self); 7] = [
        (5, Self::Within5),
        (10, Self::Within10),
        (20, Self::Within20),
        (30, Self::Within30),
        (60, Self::Within60),
        (120, Self::Within120),
        (300, Self::Within300),
    ];

    /// The figure of a confirmation that took so long, in milliseconds.
    pub(crate) fn of_wait(millis: u128) -> Self {
        let found = Self::WAITS.iter().find(|(seconds, _)| millis <= u128::from(*seconds) * 1_000);
        found.map_or(Self::Later, |(_, figure)| *figure)
    }

    /// The column.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Reminded => "reminded",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Password => "password",
            Self::Face => "face",
            Self::App => "app",
            Self::Cancelled => "cancelled",
            Self::NotMe => "not_me",
            Self::Failed => "failed",
            Self::Locked => "locked",
            Self::Free => "free",
            Self::ConfirmedFen => "confirmed_fen",
            Self::FreeFen => "free_fen",
            Self::Within5 => "within_5",
            Self::Within10 => "within_10",
            Self::Within20 => "within_20",
            Self::Within30 => "within_30",
            Self::Within60 => "within_60",
            Self::Within120 => "within_120",
            Self::Within300 => "within_300",
            Self::Later => "later",
        }
    }

    /// All columns, separated by commas, each with this before it.
    pub(crate) fn columns(before: &str, behind: &str) -> String {
        let each = Self::ALL.map(|figure| format!("{before}{}{behind}", figure.column()));
        each.join(", ")
    }
}

/// Figures of the same time and place.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Figures([i64; COUNT]);

impl Index<Figure> for Figures {
    type Output = i64;

    fn index(&self, figure: Figure) -> &i64 {
        &self.0[figure as usize]
    }
}

impl IndexMut<Figure> for Figures {
    fn index_mut(&mut self, figure: Figure) -> &mut i64 {
        &mut self.0[figure as usize]
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine += theirs;
        }
    }
}

impl Figures {
    /// In the order of the columns.
    pub(crate) const fn all(&self) -> &[i64; COUNT] {
        &self.0
    }

    /// Those, in the order of the columns.
    pub(crate) const fn of(all: [i64; COUNT]) -> Self {
        Self(all)
    }

    /// Confirmed, whichever way.
    pub(crate) fn confirmed(&self) -> i64 {
        self[Figure::Password] + self[Figure::Face] + self[Figure::App]
    }

    /// Ended by the person or the channel without being confirmed.
    pub(crate) fn declined(&self) -> i64 {
        [Figure::Cancelled, Figure::NotMe, Figure::Failed, Figure::Locked].into_iter().map(|f| self[f]).sum()
    }

    /// Within how long this share of the confirmations came, of those whose beginning is known.
    pub(crate) fn within(&self, percent: i64) -> Wait {
        let counted: i64 = Figure::WAITS.iter().map(|(_, f)| self[*f]).sum::<i64>() + self[Figure::Later];
        if counted == 0 {
            return Wait::Unknown;
        }
        let mut sum = 0;
        let found = Figure::WAITS.iter().find(|(_, figure)| {
            sum += self[*figure];
            sum * 100 >= counted * percent
        });
        found.map_or(Wait::Longer, |(seconds, _)| Wait::Seconds(*seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_in_the_order_of_their_columns() {
        for (at, figure) in Figure::ALL.into_iter().enumerate() {
            assert_eq!(figure as usize, at, "{figure:?}");
        }
        let mut sum = Figures::default();
        sum[Figure::Later] = 3;
        sum += sum;
        assert_eq!(sum.all()[COUNT - 1], 6);
        assert!(Figure::columns("s.", "").starts_with("s.asked, s.reminded"));
    }

    #[test]
    fn a_wait_is_counted_once_and_shares_are_read_from_the_counts() {
        for (millis, figure) in [
            (0, Figure::Within5),
            (5_000, Figure::Within5),
            (5_001, Figure::Within10),
            (30_000, Figure::Within30),
            (300_000, Figure::Within300),
            (300_001, Figure::Later),
        ] {
            assert_eq!(Figure::of_wait(millis), figure, "{millis}");
        }
        let mut figures = Figures::default();
        assert_eq!(figures.within(50), Wait::Unknown);
        figures[Figure::Within10] = 98;
        figures[Figure::Within60] = 1;
        figures[Figure::Later] = 1;
        assert_eq!(figures.within(50), Wait::Seconds(10));
        assert_eq!(figures.within(99), Wait::Seconds(60));
        assert_eq!(figures.within(100), Wait::Longer);
    }
}
