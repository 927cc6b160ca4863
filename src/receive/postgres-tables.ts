/** What a receiver makes in a database, where it is missing. Nothing that is there is ever changed. */
export const tables = `
  -- Everything that gateways have sent, each id once. body is the CloudEvent, of a summary its record.
  CREATE TABLE IF NOT EXISTS plantroom_record (
    gateway text NOT NULL,
    id text NOT NULL,
    kind text NOT NULL,
    time timestamptz,
    received_at timestamptz NOT NULL,
    body jsonb NOT NULL,
    PRIMARY KEY (gateway, id)
  );
  CREATE INDEX IF NOT EXISTS plantroom_record_time ON plantroom_record (kind, time);

  -- What was no message of plantroom, for a person to look at.
  CREATE TABLE IF NOT EXISTS plantroom_foreign (
    gateway text NOT NULL,
    received_at timestamptz NOT NULL,
    body jsonb NOT NULL
  );

  -- How far the alarm events of a gateway have arrived without a gap: what is confirmed to it.
  CREATE TABLE IF NOT EXISTS plantroom_watermark (
    gateway text PRIMARY KEY,
    mark jsonb NOT NULL
  );

  -- What a person has counted as lost.
  CREATE TABLE IF NOT EXISTS plantroom_given_up (
    gateway text NOT NULL,
    at timestamptz NOT NULL,
    missing jsonb NOT NULL
  );
`;

export const insertRecords = `
  INSERT INTO plantroom_record (gateway, id, kind, time, received_at, body)
  SELECT $1, id, kind, time, $2, body
  FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::jsonb[]) AS one (id, kind, time, body)
  ON CONFLICT (gateway, id) DO NOTHING
  RETURNING kind
`;

export const insertForeign = `
  INSERT INTO plantroom_foreign (gateway, received_at, body) SELECT $1, $2, unnest($3::jsonb[])
`;

/** Locks the row, so that two receivers of one gateway wait for each other. */
export const selectMark = 'SELECT mark FROM plantroom_watermark WHERE gateway = $1 FOR UPDATE';

export const selectMarks = 'SELECT gateway, mark FROM plantroom_watermark';

export const keepMark = `
  INSERT INTO plantroom_watermark (gateway, mark) VALUES ($1, $2)
  ON CONFLICT (gateway) DO UPDATE SET mark = excluded.mark
`;

export const insertGivenUp = 'INSERT INTO plantroom_given_up (gateway, at, missing) VALUES ($1, $2, $3)';
