//! What changes with the simulated parties, for everybody to see: whoever makes a change here has told it.

use yanmi_protocol::{ChannelId, EcIndexNo};

use super::scene;
use crate::mood::{ChannelMood, NationalMood};
use crate::phone::Phones;
use crate::state::State;

impl State {
    /// Changes what is on a person's phone, for everybody to see.
    pub(crate) fn change_phone(&self, person: EcIndexNo, change: impl FnOnce(&mut Phones)) {
        change(&mut self.phones());
        self.watch.publish("phone", &scene::phone(self, person));
    }

    /// Sets the mood of the national center.
    pub(crate) fn set_national_mood(&self, mood: NationalMood) {
        self.moods().national = mood;
        self.watch.publish("moods", &scene::moods(self));
    }

    /// Sets the mood of a channel of the world; whether there is such a channel.
    pub(crate) fn set_channel_mood(&self, channel: ChannelId, mood: ChannelMood) -> bool {
        let known = self.world.channel(channel.as_str()).is_some();
        if known {
            self.moods().channels.insert(channel, mood);
            self.watch.publish("moods", &scene::moods(self));
        }
        known
    }
}
