-- Computed columns and queries that a PostGraphile schema of these tables would add, as its manual describes them. Each
-- is one statement that PostgreSQL can plan as a whole.

-- A post, a version of a unit or an interval is valid on a day from its first day (inclusive) to its end (exclusive).
CREATE FUNCTION holds(begins date, ends date, day date) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (begins IS NULL OR begins <= day) AND (ends IS NULL OR day < ends)
$$;

CREATE FUNCTION cadre_post(cadre cadre) RETURNS assignment LANGUAGE sql STABLE AS $$
    SELECT post.* FROM assignment AS post
    WHERE post.cadre_id = cadre.id AND post.is_primary AND holds(post.start_on, post.end_on, current_date)
    ORDER BY post.start_on DESC LIMIT 1
$$;

CREATE FUNCTION unit_name(unit unit) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT version.name FROM unit_version AS version
    WHERE version.unit_id = unit.id AND holds(version.valid_from, version.valid_to, current_date)
    LIMIT 1
$$;

CREATE FUNCTION subtree(top text, day date) RETURNS SETOF uuid LANGUAGE sql STABLE AS $$
    WITH RECURSIVE below AS (
        SELECT id FROM unit WHERE code = top
        UNION ALL
        SELECT version.unit_id FROM unit_version AS version JOIN below ON version.parent_id = below.id
        WHERE holds(version.valid_from, version.valid_to, day)
    )
    SELECT id FROM below
$$;

-- People with a post in a subtree whose highest level of a subject is at least this one, by name. In a small subtree all
-- people are found first and sorted; in a large one people are checked in the order of their names until a page is full.
-- The planner cannot choose, so a condition decides: only one of both halves runs, and the other costs nothing.
CREATE FUNCTION cadres_holding(top text, subject text, level text) RETURNS SETOF cadre LANGUAGE sql STABLE AS $$
    WITH below AS MATERIALIZED (
        SELECT id FROM subtree(top, current_date) AS unit (id)
    ), asked AS MATERIALIZED (
        SELECT code FROM qualification_level WHERE subject_code = subject AND rank >= (
            SELECT rank FROM qualification_level WHERE subject_code = subject AND code = level
        )
    ), size AS MATERIALIZED (
        SELECT (SELECT count(*) ^ 2 FROM below) < reltuples AS is_small FROM pg_class WHERE oid = 'unit'::regclass
    ), here AS MATERIALIZED (
        SELECT DISTINCT post.cadre_id AS id FROM below CROSS JOIN LATERAL (
            SELECT cadre_id FROM assignment
            WHERE unit_id = below.id AND holds(start_on, end_on, current_date) OFFSET 0
        ) AS post WHERE (SELECT is_small FROM size)
    )
    (SELECT cadre.* FROM here CROSS JOIN LATERAL (SELECT * FROM cadre WHERE cadre.id = here.id OFFSET 0) AS cadre
    WHERE (SELECT bool_or(held.counts_from <= current_date AND held.level_code IN (SELECT code FROM asked))
           FROM qualification AS held WHERE held.cadre_id = here.id AND held.subject_code = subject)
    ORDER BY cadre.sort_key, cadre.id)
    UNION ALL
    (SELECT cadre.* FROM cadre
    WHERE (SELECT NOT is_small FROM size)
      AND (SELECT bool_or(holds(post.start_on, post.end_on, current_date) AND post.unit_id IN (SELECT id FROM below))
           FROM assignment AS post WHERE post.cadre_id = cadre.id)
      AND (SELECT bool_or(held.counts_from <= current_date AND held.level_code IN (SELECT code FROM asked))
           FROM qualification AS held WHERE held.cadre_id = cadre.id AND held.subject_code = subject)
    ORDER BY cadre.sort_key, cadre.id)
$$;

-- People of a subtree by their highest level of a subject on a day; the row without a level counts people without one.
-- Two halves as above: person by person in a small subtree, whole tables at once in a large one.
CREATE FUNCTION composition(top text, subject text, day date) RETURNS TABLE (level text, people bigint)
LANGUAGE sql STABLE AS $$
    WITH below AS MATERIALIZED (
        SELECT id FROM subtree(top, day) AS unit (id)
    ), size AS MATERIALIZED (
        SELECT (SELECT count(*) * 8 FROM below) < reltuples AS is_small FROM pg_class WHERE oid = 'unit'::regclass
    ), here AS MATERIALIZED (
        SELECT DISTINCT post.cadre_id AS id FROM below CROSS JOIN LATERAL (
            SELECT cadre_id FROM assignment WHERE unit_id = below.id AND holds(start_on, end_on, day) OFFSET 0
        ) AS post WHERE (SELECT is_small FROM size)
    ), highest AS (
        SELECT (SELECT max(has.rank) FROM qualification AS held
                JOIN qualification_level AS has ON (has.subject_code, has.code) = (held.subject_code, held.level_code)
                WHERE held.cadre_id = here.id AND held.subject_code = subject AND held.counts_from <= day) AS rank
        FROM here
        UNION ALL
        SELECT max(has.rank) FROM (
            SELECT DISTINCT cadre_id AS id FROM assignment
            WHERE (SELECT NOT is_small FROM size)
              AND unit_id IN (SELECT id FROM below) AND holds(start_on, end_on, day)
        ) AS person
        LEFT JOIN qualification AS held
            ON held.cadre_id = person.id AND held.subject_code = subject AND held.counts_from <= day
        LEFT JOIN qualification_level AS has ON (has.subject_code, has.code) = (held.subject_code, held.level_code)
        GROUP BY person.id
    )
    SELECT named.code, count(*) FROM highest
    LEFT JOIN qualification_level AS named ON named.subject_code = subject AND named.rank = highest.rank
    GROUP BY named.code
$$;

CREATE FUNCTION quotas_below(top text, year int) RETURNS SETOF quota LANGUAGE sql STABLE AS $$
    SELECT quota.* FROM quota JOIN training_plan AS plan ON plan.id = quota.plan_id
    WHERE quota.unit_id IN (SELECT subtree(top, make_date(year, 12, 31)))
      AND year BETWEEN plan.year_from AND plan.year_to
    ORDER BY quota.programme_code, quota.id
$$;
