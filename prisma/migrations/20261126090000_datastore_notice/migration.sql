-- A datastore's page is told of what workers find out about it, and need not ask. Who looks after it, and when it was
-- last looked at, is no change of it.
CREATE FUNCTION skerry_datastore_lasting(datastore) RETURNS jsonb LANGUAGE sql STABLE
  RETURN to_jsonb($1) - ARRAY['care_until', 'state_at'];

CREATE TRIGGER notify_insert AFTER INSERT ON datastore REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('datastore', 'own', 'SELECT id::text, NULL::text FROM changed');
CREATE TRIGGER notify_delete AFTER DELETE ON datastore REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('datastore', 'own', 'SELECT id::text, NULL::text FROM changed');
CREATE TRIGGER notify_update AFTER UPDATE ON datastore REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT
  EXECUTE FUNCTION skerry_notify('datastore', 'own',
    'SELECT changed.id::text, NULL::text FROM before JOIN changed USING (id) WHERE skerry_datastore_lasting(before.*::datastore) <> skerry_datastore_lasting(changed.*::datastore)');

-- What it holds for whom, and what of it is broken, is shown with it.
DO $$
DECLARE
  part text;
  pairs text := 'SELECT DISTINCT datastore_id::text, NULL::text FROM changed';
BEGIN
  FOREACH part IN ARRAY ARRAY['datastore_share', 'datastore_damage'] LOOP
    EXECUTE format('CREATE TRIGGER notify_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(%L, %L, %L)', part, 'datastore', 'update', pairs);
    EXECUTE format('CREATE TRIGGER notify_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(%L, %L, %L)', part, 'datastore', 'update', pairs);
    EXECUTE format('CREATE TRIGGER notify_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION skerry_notify(%L, %L, %L)', part, 'datastore', 'update', pairs);
  END LOOP;
END $$;
