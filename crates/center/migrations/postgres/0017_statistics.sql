-- How many were asked, confirmed and refused, counted from the audit: by institution and day (20261123).
CREATE TABLE stat_org_day (
    day           BIGINT NOT NULL,
    org_code      TEXT   NOT NULL,
    asked         BIGINT NOT NULL,
    reminded      BIGINT NOT NULL,
    delivered     BIGINT NOT NULL,
    undelivered   BIGINT NOT NULL,
    password      BIGINT NOT NULL,
    face          BIGINT NOT NULL,
    app           BIGINT NOT NULL,
    cancelled     BIGINT NOT NULL,
    not_me        BIGINT NOT NULL,
    failed        BIGINT NOT NULL,
    locked        BIGINT NOT NULL,
    free          BIGINT NOT NULL,
    confirmed_fen BIGINT NOT NULL,
    free_fen      BIGINT NOT NULL,
    within_5      BIGINT NOT NULL,
    within_10     BIGINT NOT NULL,
    within_20     BIGINT NOT NULL,
    within_30     BIGINT NOT NULL,
    within_60     BIGINT NOT NULL,
    within_120    BIGINT NOT NULL,
    within_300    BIGINT NOT NULL,
    later         BIGINT NOT NULL,
    PRIMARY KEY (day, org_code)
);
CREATE INDEX stat_org_day_by_org ON stat_org_day (org_code, day);

-- The same by hour (2026112315), city (four digits) and channel (empty where none was asked).
CREATE TABLE stat_city_hour (
    hour          BIGINT NOT NULL,
    city          TEXT   NOT NULL,
    channel       TEXT   NOT NULL,
    asked         BIGINT NOT NULL,
    reminded      BIGINT NOT NULL,
    delivered     BIGINT NOT NULL,
    undelivered   BIGINT NOT NULL,
    password      BIGINT NOT NULL,
    face          BIGINT NOT NULL,
    app           BIGINT NOT NULL,
    cancelled     BIGINT NOT NULL,
    not_me        BIGINT NOT NULL,
    failed        BIGINT NOT NULL,
    locked        BIGINT NOT NULL,
    free          BIGINT NOT NULL,
    confirmed_fen BIGINT NOT NULL,
    free_fen      BIGINT NOT NULL,
    within_5      BIGINT NOT NULL,
    within_10     BIGINT NOT NULL,
    within_20     BIGINT NOT NULL,
    within_30     BIGINT NOT NULL,
    within_60     BIGINT NOT NULL,
    within_120    BIGINT NOT NULL,
    within_300    BIGINT NOT NULL,
    later         BIGINT NOT NULL,
    PRIMARY KEY (hour, city, channel)
);

-- Up to which key of the audit is counted, by which process, which others leave alone until then.
CREATE TABLE stat_marks (
    source     TEXT   PRIMARY KEY,
    upto       BIGINT NOT NULL,
    holder     BIGINT NOT NULL,
    held_until BIGINT NOT NULL
);
