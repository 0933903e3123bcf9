-- What was sealed under one key for all tenants is sealed anew under data keys.
grant update (provider_sealed) on sign_in to :app;
