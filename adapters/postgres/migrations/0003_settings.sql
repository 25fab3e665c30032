-- How long anybody may hold up a lane, for every session of this database that begins from now on. A client
-- that stops inside its transaction would otherwise keep its locks for ever, and a client whose machine is
-- gone for as long as TCP waits.
DO $$
DECLARE
  setting text[];
BEGIN
  FOREACH setting SLICE 1 IN ARRAY ARRAY[
    ['idle_in_transaction_session_timeout', '2s'],
    ['lock_timeout', '2s'],
    ['statement_timeout', '2s'],
    ['synchronous_commit', 'on'],
    ['tcp_keepalives_idle', '2'],
    ['tcp_keepalives_interval', '1'],
    ['tcp_keepalives_count', '3'],
    ['tcp_user_timeout', '5000']]
  LOOP
    EXECUTE format('ALTER DATABASE %I SET %I = %L', current_database(), setting[1], setting[2]);
  END LOOP;
END $$;
