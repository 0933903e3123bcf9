-- The relay begins new epochs itself.
grant update (epoch) on event_lane to :system;
