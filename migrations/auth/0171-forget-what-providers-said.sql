-- What a provider said of somebody who is to be forgotten goes with them.
grant update (provider_sealed) on sign_in to :app;
