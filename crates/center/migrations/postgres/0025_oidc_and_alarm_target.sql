-- Whom the provider (OpenID Connect) names when this operator logs in there: a keyed hash of issuer and subject.
ALTER TABLE operators ADD COLUMN oidc_subject BYTEA CHECK (length(oidc_subject) = 16);
-- When the last login by it began; the next has to begin later, so that one is good once.
ALTER TABLE operators ADD COLUMN oidc_at BIGINT;
CREATE UNIQUE INDEX operators_by_oidc ON operators (oidc_subject);
-- When an alarm was told to whom the settings say outside of the console.
ALTER TABLE alarms ADD COLUMN told_at BIGINT;
